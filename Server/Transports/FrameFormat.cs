namespace RawSocketChat.Server.Transports;

/// <summary>The names of the formats that a client can ask for, in <c>?format=</c> and in the <c>format</c> of a <c>hello</c>.</summary>
internal static class FrameFormat
{
    public const string Json = "json";
    public const string Text = "text";
}
