namespace RawSocketChat.Tests.Benchmarks.Peers.Wires;

/// <summary>The peers that have no protocol above WebSocket: a text is a message. They say <c>ready</c> when a connection is among the receivers.</summary>
internal sealed class PlainWire : Wire
{
    public override string Path(int connection, bool publishes) => publishes ? "/publish" : "/";

    protected override string Message(string text) => text;
}
