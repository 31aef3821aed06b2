using System.Text;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Chat;

/// <summary>Helpers that encode and decode frames and assert that the codec succeeds.</summary>
internal static class Wire
{
    public static readonly DateTimeOffset At = new(2026, 11, 23, 10, 2, 31, 123, TimeSpan.Zero);

    public static byte[] ToBytes(string text) => Encoding.UTF8.GetBytes(text);

    public static ClientFrame Read(string line)
    {
        ChatCodec.TryReadClient(ToBytes(line), out var frame, out _, out var error).Should().BeTrue("«{0}» is valid, but: {1}", line, error?.Text);
        return frame;
    }

    public static ChatError ReadError(string line) => ReadError(ToBytes(line), out _);

    public static ChatError ReadError(string line, out FrameId id) => ReadError(ToBytes(line), out id);

    public static ChatError ReadError(byte[] bytes, out FrameId id)
    {
        ChatCodec.TryReadClient(bytes, out _, out id, out var error).Should().BeFalse("«{0}» is invalid", Encoding.UTF8.GetString(bytes));
        error.Text.Should().NotBeNullOrEmpty();
        error.Text.Should().NotEndWith(".");
        error.Hint.Should().NotBeNull();
        ChatCodec.TryReadClient(ToBytes(error.Hint!), out _, out _, out var again).Should().BeTrue("the hint «{0}» is valid: {1}", error.Hint, again?.Text);
        return error;
    }

    public static string ToJson(ServerFrame frame) => Encoding.UTF8.GetString(ChatCodec.Encode(frame));

    public static string ToJson(ClientFrame frame) => Encoding.UTF8.GetString(ChatCodec.Encode(frame));

    public static ServerFrame ReadServer(string json)
    {
        ChatCodec.TryReadServer(ToBytes(json), out var frame).Should().BeTrue("«{0}» is a server frame", json);
        return frame;
    }
}
