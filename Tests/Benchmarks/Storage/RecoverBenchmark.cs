using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RawSocketChat.Tests.Benchmarks.Storage;

/// <summary>Many clients reconnect at the same time with the same old cursor. Each client counts the received events and checks their order.</summary>
internal static class RecoverBenchmark
{
    public static async Task<int> RunAsync(int clients, int missed, string? folder)
    {
        using var place = new BenchmarkFolder(folder);
        await place.FillAsync("lobby", missed + 1000);
        await using var server = await RunningServer.StartAsync(place.Folder);
        var sockets = new Socket[clients];
        for (var i = 0; i < clients; i++)
        {
            sockets[i] = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await sockets[i].ConnectAsync(IPAddress.Loopback, server.RawPort);
            await sockets[i].SendAsync("{\"type\":\"hello\"}\n"u8.ToArray());
        }

        var (quiet, cpu, watch) = (server.PeakMebibytes, server.Cpu, Stopwatch.StartNew());
        var got = await Task.WhenAll(sockets.Select(socket => Task.Run(() => RecoverAsync(socket, after: 1000, last: missed + 1000))));
        var took = watch.Elapsed;
        Console.WriteLine($"{clients:n0} clients recovered {missed:n0} events each: {got.Sum(n => (long)n):n0} in {took.TotalSeconds:0.00} s, {got.Sum(n => (long)n) / took.TotalSeconds:n0} events/s");
        Console.WriteLine($"no event lost, repeated or out of order: {got.All(n => n == missed)}");
        Console.WriteLine($"server: {(server.Cpu - cpu).TotalSeconds:0.00} s of CPU; peak memory {server.PeakMebibytes:0} MiB ({quiet:0} MiB before, with all clients connected)");
        foreach (var socket in sockets)
            socket.Dispose();
        return got.All(n => n == missed) ? 0 : 1;
    }

    private static async Task<int> RecoverAsync(Socket socket, long after, long last)
    {
        await socket.SendAsync(Encoding.UTF8.GetBytes($"{{\"type\":\"join\",\"room\":\"lobby\",\"after\":{after}}}\n"));
        var buffer = new byte[512 * 1024];
        var (next, length) = (after + 1, 0);
        while (next <= last)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(length));
            if (received == 0)
                throw new InvalidOperationException("the server closed");
            next = CheckEvents(buffer, length + received, next, out length);
        }

        return (int)(next - after - 1);
    }

    private static long CheckEvents(byte[] buffer, int length, long next, out int rest)
    {
        var text = buffer.AsSpan(0, length);
        while (text.IndexOf((byte)'\n') is >= 0 and var end)
        {
            // A joined frame contains many messages in one line. Skip the seq of the frame itself, which is before the messages.
            var line = text[..end];
            if (line.StartsWith("{\"type\":\"joined\""u8))
                line = line[line.IndexOf("\"messages\""u8)..];
            else if (!line.StartsWith("{\"type\":\"message\""u8))
                line = default;
            while (line.IndexOf("\"seq\":"u8) is >= 0 and var at)
            {
                line = line[(at + 6)..];
                if (!Utf8Parser.TryParse(line, out long seq, out _) || seq != next++)
                    throw new InvalidOperationException($"received seq {seq} instead of {next - 1}");
            }

            text = text[(end + 1)..];
        }

        rest = text.Length;
        text.CopyTo(buffer);
        return next;
    }
}
