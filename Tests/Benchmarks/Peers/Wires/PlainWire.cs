namespace RawSocketChat.Tests.Benchmarks.Peers.Wires;

/// <summary>
/// Peers without a protocol above WebSocket: a text message is a chat message. The peer sends <c>ready</c> when a connection is subscribed.
/// </summary>
internal sealed class PlainWire : Wire
{
    public override string GetPath(int connection, bool publishes) => publishes ? "/publish" : "/";

    protected override string CreateMessage(string text) => text;
}
