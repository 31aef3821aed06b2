namespace RawSocketChat.Tests.Benchmarks.Peers.Wires;

/// <summary>SignalR's JSON protocol, over WebSocket without negotiation. Each message ends with the record separator, U+001E.</summary>
internal sealed class SignalRWire : Wire
{
    private const string Handshake = "{\"protocol\":\"json\",\"version\":1}\u001e";
    private const string Ping = "{\"type\":6}\u001e";

    public override string GetPath(int connection, bool publishes) => "/hub";

    public override IEnumerable<string> CreateHello(int connection, bool publishes) => [Handshake];

    public override bool IsReady(ReadOnlySpan<byte> payload) => payload.IndexOf("\"target\":\"ready\""u8) >= 0;

    public override string? GetAnswer(ReadOnlySpan<byte> payload) => payload.StartsWith("{\"type\":6}"u8) ? Ping : null;

    public override bool IsError(ReadOnlySpan<byte> payload) => payload.StartsWith("{\"type\":7"u8);

    protected override string CreateMessage(string text) => $$"""{"type":1,"target":"Say","arguments":["{{text}}"]}""" + "\u001e";
}
