using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Support;

/// <summary>The frames that a client has received, in order: the list of all frames, and a queue for tests that wait for the next frame.</summary>
public sealed class FrameInbox
{
    private readonly Channel<(string Json, ServerFrame Frame)> _queue = Channel.CreateUnbounded<(string, ServerFrame)>();
    private readonly ConcurrentQueue<ServerFrame> _all = new();

    public IReadOnlyCollection<ServerFrame> All => _all;

    /// <summary>Called with the JSON of each frame. Set it before the client reads.</summary>
    public Action<string>? OnJson { get; set; }

    public void Add(ReadOnlySpan<byte> json)
    {
        var text = Encoding.UTF8.GetString(json);
        if (!ChatCodec.TryReadServer(json, out var frame))
            throw new AssertionException($"the server sent something that is not a frame: {text}");
        OnJson?.Invoke(text);
        _all.Enqueue(frame);
        _queue.Writer.TryWrite((text, frame));
    }

    /// <summary>Yields each frame as it arrives, until the connection ends.</summary>
    public async IAsyncEnumerable<ServerFrame> ReadAllAsync()
    {
        await foreach (var (_, frame) in _queue.Reader.ReadAllAsync())
            yield return frame;
    }

    public void End() => _queue.Writer.TryComplete();

    /// <summary>Waits for the next frame of type <typeparamref name="T"/> that matches, and skips the frames before it.</summary>
    public async Task<T> ExpectAsync<T>(Func<T, bool>? match = null, TimeSpan? within = null)
        where T : ServerFrame
    {
        var passed = new List<string>();
        using var patience = new CancellationTokenSource(within ?? TestWait.Timeout);
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
            throw new AssertionException($"no {typeof(T).Name} arrived ({(fault is ChannelClosedException ? "the connection ended" : "timeout")}); received:\n{string.Join('\n', passed.TakeLast(20))}");
        }
    }
}
