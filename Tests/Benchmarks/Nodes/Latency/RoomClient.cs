using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Text;
using HdrHistogram;
using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Flood.Transports;

namespace RawSocketChat.Tests.Benchmarks.Nodes.Latency;

/// <summary>A connection in the measured room. It records the time from the scheduled time of each message until the message arrives.</summary>
internal sealed class RoomClient : IFrameListener, IDisposable
{
    private readonly TaskCompletionSource _welcomed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly RawTcpConnection _connection;
    private long _received;

    private RoomClient(int port, string name) =>
        _connection = new RawTcpConnection(new SocketSettings(new IPEndPoint(IPAddress.Loopback, port)), new SessionState(name), this);

    /// <summary>The latencies since <see cref="Reset"/>, in microseconds.</summary>
    public LongHistogram Latency { get; } = Measurements.CreateHistogram();

    /// <summary>The messages received since <see cref="Reset"/>.</summary>
    public long Received => Volatile.Read(ref _received);

    /// <summary>The error that ended the connection, or null.</summary>
    public string? Fault { get; private set; }

    /// <summary>Connects to a server, and creates or joins the room.</summary>
    /// <exception cref="BenchmarkException">The server rejected a request, or closed the connection.</exception>
    public static async Task<RoomClient> ConnectAsync(int port, string name, string request, CancellationToken cancel)
    {
        var client = new RoomClient(port, name);
        try
        {
            await client._connection.OpenAsync(cancel);
            await client._welcomed.Task.WaitAsync(cancel);
            client.Send($$"""{"type":"{{request}}","room":"room"}""");
            await client._joined.Task.WaitAsync(cancel);
            return client;
        }
        catch (FloodException fault)
        {
            client.Dispose();
            throw new BenchmarkException(fault.Message);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Sends a message that contains its scheduled time.</summary>
    public void Say(long number, long dueAt, string words) =>
        Send(string.Create(CultureInfo.InvariantCulture, $$"""{"type":"say","id":{{number}},"text":"{{$"{dueAt} {words}"[..words.Length]}}"}"""));

    /// <summary>Starts a new measurement. Call this only while no message is on its way.</summary>
    public void Reset()
    {
        Latency.Reset();
        Volatile.Write(ref _received, 0);
    }

    public void OnFrame(ReadOnlySpan<byte> json, long now)
    {
        if (json.StartsWith("{\"type\":\"message\""u8))
            AddMessage(json, now);
        else if (json.StartsWith("{\"type\":\"welcome\""u8))
            _welcomed.TrySetResult();
        else if (json.StartsWith("{\"type\":\"joined\""u8))
            _joined.TrySetResult();
        else if (json.StartsWith("{\"type\":\"error\""u8) || json.StartsWith("{\"type\":\"gap\""u8))
            Fail(Encoding.UTF8.GetString(json));
    }

    public void OnResumed(long now)
    {
    }

    public void OnEnded(string? why) => Fail(why ?? "closed");

    public void Dispose() => _connection.Dispose();

    private void AddMessage(ReadOnlySpan<byte> json, long now)
    {
        var text = json.IndexOf("\"text\":\""u8);
        if (text < 0 || !Utf8Parser.TryParse(json[(text + 8)..], out long dueAt, out _))
            return;
        Measurements.Record(Latency, now - dueAt);
        Interlocked.Increment(ref _received);
    }

    private void Fail(string why)
    {
        Fault ??= why;
        _welcomed.TrySetException(new BenchmarkException(why));
        _joined.TrySetException(new BenchmarkException(why));
        _ = (_welcomed.Task.Exception, _joined.Task.Exception);
    }

    private void Send(string frame)
    {
        if (!((IConnection)_connection).Send(Encoding.UTF8.GetBytes(frame)))
            throw new BenchmarkException("a connection has ended");
    }
}
