using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using HdrHistogram;

namespace RawSocketChat.Tests.Flood.Meters;

/// <summary>
/// How long bytes lie before this process reads them. A connection to itself for each of the runtime's socket threads; fifty times a
/// second a byte is sent on each, which waits its turn behind what else came, as a message of the server does.
/// </summary>
internal sealed class LagProbe : IDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(20);
    private readonly List<Line> _lines = [];
    private readonly ITimer _timer;
    private volatile bool _isMeasuring;

    public LagProbe(TimeProvider time)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        for (var i = 0; i < Environment.ProcessorCount; i++)
        {
            var sending = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            sending.Connect(listener.LocalEndpoint);
            _lines.Add(new Line(this, sending, listener.AcceptSocket()));
        }
        _timer = time.CreateTimer(_ => _lines.ForEach(line => line.Send()), null, Every, Every);
    }

    /// <summary>From now on what is seen counts: the warm-up is over.</summary>
    public void Begin() => _isMeasuring = true;

    /// <summary>Ends the measuring, and gives it in microseconds.</summary>
    public LongHistogram End()
    {
        _isMeasuring = false;
        var total = Measurements.NewHistogram();
        foreach (var line in _lines)
            lock (line.Lag) total.Add(line.Lag);
        return total;
    }

    public void Dispose()
    {
        _timer.Dispose();
        foreach (var line in _lines) line.Dispose();
    }

    private sealed class Line : IDisposable
    {
        private readonly LagProbe _probe;
        private readonly Socket _sending;
        private readonly Socket _receiving;
        private readonly SocketAsyncEventArgs _receive = new(true);
        private long _sentAt;

        public Line(LagProbe probe, Socket sending, Socket receiving)
        {
            (_probe, _sending, _receiving) = (probe, sending, receiving);
            _receive.SetBuffer(new byte[1]);
            _receive.Completed += (_, _) => Receive(true);
            Receive(false);
        }

        public LongHistogram Lag { get; } = Measurements.NewHistogram();

        // One at a time: while a byte is on its way no other is sent, and its own time goes on. Those that it kept back are reckoned
        // with it; else a stall of a second were one bad figure among hundreds, and the omission that this tool is against its own.
        public void Send()
        {
            if (Interlocked.CompareExchange(ref _sentAt, Stopwatch.GetTimestamp(), 0) != 0) return;
            try
            {
                _sending.Send("."u8);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The run is over.
            }
        }

        public void Dispose()
        {
            _sending.Dispose();
            _receiving.Dispose();
            _receive.Dispose();
        }

        private void Receive(bool isThere)
        {
            try
            {
                do
                {
                    if (isThere && _receive is { SocketError: SocketError.Success, BytesTransferred: 1 }) Seen();
                    else if (isThere) return;
                    isThere = true;
                }
                while (!_receiving.ReceiveAsync(_receive));
            }
            catch (ObjectDisposedException)
            {
                // The run is over.
            }
        }

        private void Seen()
        {
            var sentAt = Interlocked.Exchange(ref _sentAt, 0);
            if (!_probe._isMeasuring) return;
            lock (Lag) Measurements.RecordWithTheUnasked(Lag, Stopwatch.GetTimestamp() - sentAt, Every);
        }
    }
}
