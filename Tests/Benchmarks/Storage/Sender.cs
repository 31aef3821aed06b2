using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using HdrHistogram;

namespace RawSocketChat.Tests.Benchmarks.Storage;

/// <summary>A connection to the raw TCP port that sends lines, and counts acks and messages.</summary>
internal sealed class Sender(Socket socket) : IDisposable
{
    private static readonly string[] Texts = BenchmarkTexts.Create(10_000, seed: 1);

    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly int _firstText = Random.Shared.Next(Texts.Length);
    private readonly Queue<long> _sent = new();
    private long _next;

    /// <summary>The time from each message to its ack, in ticks of <see cref="Stopwatch"/>.</summary>
    public LongHistogram Latency { get; } = new(TimeStamp.Minutes(1), 2);

    /// <summary>Connects, and creates a room.</summary>
    public static Task<Sender> ConnectAsync(int port, string room) => OpenAsync(port, room, "create");

    /// <summary>Connects, and joins a room that exists.</summary>
    public static Task<Sender> JoinAsync(int port, string room) => OpenAsync(port, room, "join");

    /// <summary>Sends messages until the measurement is over, and then waits for the last acks.</summary>
    /// <param name="window">The number of messages in flight.</param>
    /// <param name="measure">The measurement.</param>
    public async Task RunAsync(int window, MeasuredInterval measure)
    {
        await SendAsync(window);
        var rest = 0;
        while (_sent.Count > 0)
        {
            var received = await socket.ReceiveAsync(_buffer.AsMemory(rest));
            if (received == 0)
                throw new InvalidOperationException("the server closed");
            var acks = CountFrames(rest + received, out rest, measure, out var deliveries);
            if (measure.IsMeasuring)
            {
                measure.AddAcks(acks);
                measure.AddDeliveries(deliveries, received);
            }

            if (acks > 0 && !measure.IsOver)
                await SendAsync(acks);
        }
    }

    public void Dispose() => socket.Dispose();

    private static async Task<Sender> OpenAsync(int port, string room, string request)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        var sender = new Sender(socket);
        await socket.SendAsync(Encoding.UTF8.GetBytes($"{{\"type\":\"hello\"}}\n{{\"type\":\"{request}\",\"room\":\"{room}\"}}\n"));
        var seen = "";
        while (!seen.Contains("\"type\":\"joined\"", StringComparison.Ordinal))
        {
            var received = await socket.ReceiveAsync(sender._buffer);
            seen += received > 0 ? Encoding.UTF8.GetString(sender._buffer, 0, received) : throw new InvalidOperationException($"the server closed: {seen}");
            if (seen.Contains("\"type\":\"error\"", StringComparison.Ordinal))
                throw new InvalidOperationException($"the server rejected \"{request}\": {seen}");
        }

        return sender;
    }

    private async Task SendAsync(int count)
    {
        var lines = new StringBuilder();
        for (var i = 0; i < count; i++)
            lines.Append("{\"type\":\"say\",\"id\":").Append(++_next).Append(",\"text\":\"").Append(Texts[(_next + _firstText) % Texts.Length]).Append("\"}\n");
        var now = Stopwatch.GetTimestamp();
        for (var i = 0; i < count; i++)
            _sent.Enqueue(now);
        await socket.SendAsync(Encoding.UTF8.GetBytes(lines.ToString()));
    }

    // Counts the acks and messages among the complete lines, and moves the incomplete rest to the start of the buffer.
    private int CountFrames(int length, out int rest, MeasuredInterval measure, out int deliveries)
    {
        var acks = 0;
        deliveries = 0;
        var text = _buffer.AsSpan(0, length);
        var now = Stopwatch.GetTimestamp();
        while (text.IndexOf((byte)'\n') is >= 0 and var end)
        {
            if (text.StartsWith("{\"type\":\"ack\""u8))
            {
                acks++;
                var latency = now - _sent.Dequeue();
                if (measure.IsMeasuring)
                    Latency.RecordValue(latency);
            }
            else if (text.StartsWith("{\"type\":\"message\""u8))
                deliveries++;
            else if (text.StartsWith("{\"type\":\"error\""u8))
                throw new InvalidOperationException(Encoding.UTF8.GetString(text[..end]));
            text = text[(end + 1)..];
        }

        rest = text.Length;
        text.CopyTo(_buffer);
        return acks;
    }
}
