using System.Text;
using System.Text.Json;

namespace RawSocketChat.Tests.Flood.Transports;

/// <summary>Lines of JSON over raw TCP. The client sends the first line, a <c>hello</c>.</summary>
internal sealed class RawTcpConnection(SocketSettings settings, SessionState state, IFrameListener listener) : SocketPump(settings), IConnection
{
    /// <summary>The id of the <c>hello</c> frame. If the server rejects the frame, its error has this id.</summary>
    public const string HelloId = "hello";

    private readonly LineSplitter _lines = new();
    private volatile bool _isLeaving;

    public Task OpenAsync(CancellationToken cancel) =>
        ConnectAsync(Encoding.UTF8.GetBytes(CreateHello(state) + "\n"), cancel);

    /// <summary>Creates the <c>hello</c> frame. It has the session, or the user name if there is no session yet.</summary>
    public static string CreateHello(SessionState state) => state.Session is { } session
        ? $$"""{"type":"hello","id":"{{HelloId}}","session":"{{JsonEncodedText.Encode(session)}}"}"""
        : $$"""{"type":"hello","id":"{{HelloId}}","name":"{{JsonEncodedText.Encode(state.Name)}}"}""";

    bool IConnection.Send(ReadOnlySpan<byte> frame) => Send([.. frame, (byte)'\n']);

    public void Leave()
    {
        _isLeaving = true;
        Shutdown();
    }

    protected override bool OnReceived(ReadOnlySpan<byte> bytes, long now)
    {
        while (_lines.TryReadLine(ref bytes, out var line))
            if (!line.IsEmpty) listener.OnFrame(line, now);
        return true;
    }

    protected override void OnEnded(string? why) => listener.OnEnded(_isLeaving ? null : why);
}
