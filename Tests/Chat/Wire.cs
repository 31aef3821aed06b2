using System.Text;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Chat;

/// <summary>The codec in the words of these tests.</summary>
internal static class Wire
{
    public static readonly DateTimeOffset At = new(2026, 11, 23, 10, 2, 31, 123, TimeSpan.Zero);

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static ClientFrame Read(string line)
    {
        ChatCodec.TryReadClient(Bytes(line), out var frame, out _, out var error).Should().BeTrue("«{0}» is fine, but: {1}", line, error?.Text);
        return frame;
    }

    public static ChatError Refuse(string line) => Refuse(Bytes(line), out _);

    public static ChatError Refuse(string line, out FrameId id) => Refuse(Bytes(line), out id);

    public static ChatError Refuse(byte[] bytes, out FrameId id)
    {
        ChatCodec.TryReadClient(bytes, out _, out id, out var error).Should().BeFalse("«{0}» is wrong", Encoding.UTF8.GetString(bytes));
        error.Text.Should().NotBeNullOrEmpty();
        error.Text.Should().NotEndWith(".");
        error.Hint.Should().NotBeNull();
        ChatCodec.TryReadClient(Bytes(error.Hint!), out _, out _, out var again).Should().BeTrue("the hint «{0}» works: {1}", error.Hint, again?.Text);
        return error;
    }

    public static string Json(ServerFrame frame) => Encoding.UTF8.GetString(ChatCodec.Encode(frame));

    public static string Json(ClientFrame frame) => Encoding.UTF8.GetString(ChatCodec.Encode(frame));

    public static ServerFrame ReadServer(string json)
    {
        ChatCodec.TryReadServer(Bytes(json), out var frame).Should().BeTrue("«{0}» is a server's frame", json);
        return frame;
    }
}
