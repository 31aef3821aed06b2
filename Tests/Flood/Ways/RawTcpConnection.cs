using System.Text;
using System.Text.Json;

namespace RawSocketChat.Tests.Flood.Ways;

/// <summary>Lines of JSON over plain TCP: one speaks first, by <c>hello</c>.</summary>
internal sealed class RawTcpConnection(Wire wire, Place place, IFrameListener listener) : SocketPump(wire), IConnection
{
    private readonly LineSplitter _lines = new();
    private volatile bool _leaving;

    public Task OpenAsync(CancellationToken cancel) =>
        ConnectAsync(Encoding.UTF8.GetBytes(Hello(place) + "\n"), cancel);

    /// <summary>Says who one is; with an id by which a refusal is known.</summary>
    public static string Hello(Place place) => place.Session is { } session
        ? $$"""{"type":"hello","id":"hello","session":"{{JsonEncodedText.Encode(session)}}"}"""
        : $$"""{"type":"hello","id":"hello","name":"{{JsonEncodedText.Encode(place.Name)}}"}""";

    bool IConnection.Send(ReadOnlySpan<byte> frame) => Send([.. frame, (byte)'\n']);

    public void Leave()
    {
        _leaving = true;
        Shutdown();
    }

    protected override bool Take(ReadOnlySpan<byte> bytes, long now)
    {
        while (_lines.TryLine(ref bytes, out var line))
            if (!line.IsEmpty) listener.Take(line, now);
        return true;
    }

    protected override void OnOver(string? why) => listener.Ended(_leaving ? null : why);
}
