using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace RawSocketChat.Tests.Support;

/// <summary>A TCP relay that forwards all bytes with a delay, as a network between two distant places does.</summary>
public sealed class SlowRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _disposal = new();
    private readonly int _target;
    private readonly Task _accepting;
    private long _delayTicks;

    /// <param name="target">The port of the server.</param>
    public SlowRelay(int target)
    {
        _target = target;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>The delay in each direction, for bytes that arrive from now on.</summary>
    public TimeSpan Delay
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _delayTicks));
        set => Interlocked.Exchange(ref _delayTicks, value.Ticks);
    }

    public async ValueTask DisposeAsync()
    {
        await _disposal.CancelAsync();
        _listener.Stop();
        await _accepting.OrFail("the relay's end");
        _listener.Dispose();
        _disposal.Dispose();
    }

    private async Task AcceptAsync()
    {
        var running = new List<Task>();
        try
        {
            while (true)
                running.Add(RunAsync(await _listener.AcceptSocketAsync(_disposal.Token)));
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The test has ended.
        }

        await Task.WhenAll(running);
    }

    private async Task RunAsync(Socket client)
    {
        using var ends = client;
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _target, _disposal.Token);
            // When one direction has ended, the relay closes both connections.
            await Task.WhenAny(PumpAsync(client, server), PumpAsync(server, client));
        }
        catch (Exception fault) when (fault is SocketException or OperationCanceledException)
        {
            // The server cannot be reached, or the test has ended.
        }
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        var waiting = Channel.CreateUnbounded<(byte[] Bytes, long DueAt)>();
        var sending = SendAsync(waiting.Reader, to);
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, _disposal.Token) is > 0 and var count)
                waiting.Writer.TryWrite((buffer[..count], Stopwatch.GetTimestamp() + (long)(Delay.TotalSeconds * Stopwatch.Frequency)));
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The connection is closed.
        }

        waiting.Writer.Complete();
        await sending;
    }

    private async Task SendAsync(ChannelReader<(byte[] Bytes, long DueAt)> waiting, Socket to)
    {
        try
        {
            await foreach (var (bytes, dueAt) in waiting.ReadAllAsync(_disposal.Token))
            {
                if (Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), dueAt) is { Ticks: > 0 } rest)
                    await Task.Delay(rest, _disposal.Token);
                await to.SendAsync(bytes, _disposal.Token);
            }
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The connection is closed.
        }
    }
}
