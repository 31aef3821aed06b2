using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Support;

/// <summary>What a client got, in order: all of it to look back on, and a queue to wait on.</summary>
public sealed class FrameInbox
{
    private readonly Channel<(string Json, ServerFrame Frame)> _queue = Channel.CreateUnbounded<(string, ServerFrame)>();
    private readonly ConcurrentQueue<ServerFrame> _all = new();

    public IReadOnlyCollection<ServerFrame> All => _all;

    public void Add(ReadOnlySpan<byte> json)
    {
        var text = Encoding.UTF8.GetString(json);
        if (!ChatCodec.TryReadServer(json, out var frame))
            throw new AssertionException($"the server sent what is no frame: {text}");
        _all.Enqueue(frame);
        _queue.Writer.TryWrite((text, frame));
    }

    /// <summary>Each frame as it comes, until the connection ends.</summary>
    public async IAsyncEnumerable<ServerFrame> ReadAllAsync()
    {
        await foreach (var (_, frame) in _queue.Reader.ReadAllAsync())
            yield return frame;
    }

    public void End() => _queue.Writer.TryComplete();

    /// <summary>The next frame of that type for which it holds; those before it are passed over.</summary>
    public async Task<T> ExpectAsync<T>(Func<T, bool>? match = null)
        where T : ServerFrame
    {
        var passed = new List<string>();
        using var patience = new CancellationTokenSource(Patience.Bound);
        try
        {
            while (true)
            {
                var (json, frame) = await _queue.Reader.ReadAsync(patience.Token);
                if (frame is T wanted && (match is null || match(wanted)))
                    return wanted;
                passed.Add(json.Length > 200 ? json[..200] + "…" : json);
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or ChannelClosedException)
        {
            throw new AssertionException($"no {typeof(T).Name} came ({(fault is ChannelClosedException ? "the connection ended" : "in time")}); there were:\n{string.Join('\n', passed.TakeLast(20))}");
        }
    }
}
