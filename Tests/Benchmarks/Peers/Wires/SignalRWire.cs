namespace RawSocketChat.Tests.Benchmarks.Peers.Wires;

/// <summary>SignalR's JSON protocol, over WebSocket without the negotiation before it: messages end in the record separator, U+001E.</summary>
internal sealed class SignalRWire : Wire
{
    private const string Handshake = "{\"protocol\":\"json\",\"version\":1}\u001e";
    private const string Ping = "{\"type\":6}\u001e";

    public override string Path(int connection, bool publishes) => "/hub";

    public override IEnumerable<string> Hello(int connection, bool publishes) => [Handshake];

    public override bool IsReady(ReadOnlySpan<byte> payload) => payload.IndexOf("\"target\":\"ready\""u8) >= 0;

    public override string? Answer(ReadOnlySpan<byte> payload) => payload.StartsWith("{\"type\":6}"u8) ? Ping : null;

    public override bool IsComplaint(ReadOnlySpan<byte> payload) => payload.StartsWith("{\"type\":7"u8);

    protected override string Message(string text) => $$"""{"type":1,"target":"Say","arguments":["{{text}}"]}""" + "\u001e";
}
