using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using HdrHistogram;

namespace RawSocketChat.Tests.Flood.Meters;

/// <summary>
/// Measures how long received bytes wait before this process reads them. The probe opens one connection to its own process for each core,
/// because the runtime may have a socket thread for each core. It sends a byte 50 times a second on each connection. Each byte waits until
/// the process has read all data that arrived earlier. A message of the server waits in the same way.
/// </summary>
internal sealed class LagProbe : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);
    private readonly List<ProbeConnection> _connections = [];
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
            _connections.Add(new ProbeConnection(this, sending, listener.AcceptSocket()));
        }
        _timer = time.CreateTimer(_ => _connections.ForEach(connection => connection.Send()), null, Interval, Interval);
    }

    /// <summary>Starts measuring, at the end of the warm-up.</summary>
    public void Start() => _isMeasuring = true;

    /// <summary>Stops measuring, and returns the lag in microseconds.</summary>
    public LongHistogram Stop()
    {
        _isMeasuring = false;
        var total = Measurements.CreateHistogram();
        foreach (var connection in _connections)
            lock (connection.Lag) total.Add(connection.Lag);
        return total;
    }

    public void Dispose()
    {
        _timer.Dispose();
        foreach (var connection in _connections) connection.Dispose();
    }

    private sealed class ProbeConnection : IDisposable
    {
        private readonly LagProbe _probe;
        private readonly Socket _sending;
        private readonly Socket _receiving;
        private readonly SocketAsyncEventArgs _receive = new(true);
        private long _sentAt;

        public ProbeConnection(LagProbe probe, Socket sending, Socket receiving)
        {
            (_probe, _sending, _receiving) = (probe, sending, receiving);
            _receive.SetBuffer(new byte[1]);
            _receive.Completed += (_, _) => Receive(true);
            Receive(false);
        }

        public LongHistogram Lag { get; } = Measurements.CreateHistogram();

        // Sends no byte while the previous byte has not arrived yet. For each skipped byte, RecordArrival records how long that byte would
        // have waited. Without these values, a stall of one second would give only one high value among hundreds of low values (coordinated
        // omission).
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

        private void Receive(bool isCompleted)
        {
            try
            {
                do
                {
                    if (isCompleted && _receive is { SocketError: SocketError.Success, BytesTransferred: 1 }) RecordArrival();
                    else if (isCompleted) return;
                    isCompleted = true;
                }
                while (!_receiving.ReceiveAsync(_receive));
            }
            catch (ObjectDisposedException)
            {
                // The run is over.
            }
        }

        private void RecordArrival()
        {
            var sentAt = Interlocked.Exchange(ref _sentAt, 0);
            if (!_probe._isMeasuring) return;
            lock (Lag) Measurements.RecordWithExpectedInterval(Lag, Stopwatch.GetTimestamp() - sentAt, Interval);
        }
    }
}
