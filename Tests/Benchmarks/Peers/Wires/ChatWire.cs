namespace RawSocketChat.Tests.Benchmarks.Peers.Wires;

/// <summary>This project's protocol. The publisher creates a room, and the others join it.</summary>
internal sealed class ChatWire : Wire
{
    private const string Room = "peers";

    public override string GetPath(int connection, bool publishes) => publishes ? $"/ws?name=peer-{connection}" : $"/ws?name=peer-{connection}&room={Room}";

    public override IEnumerable<string> CreateHello(int connection, bool publishes) => publishes ? [$$"""{"type":"create","room":"{{Room}}"}"""] : [];

    public override bool IsReady(ReadOnlySpan<byte> payload) => payload.StartsWith("{\"type\":\"joined\""u8);

    public override bool IsError(ReadOnlySpan<byte> payload) =>
        payload.StartsWith("{\"type\":\"error\""u8) || payload.StartsWith("{\"type\":\"lag\""u8) || payload.StartsWith("{\"type\":\"bye\""u8);

    protected override string CreateMessage(string text) => $$"""{"type":"say","text":"{{text}}"}""";
}
