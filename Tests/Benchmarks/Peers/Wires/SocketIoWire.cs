namespace RawSocketChat.Tests.Benchmarks.Peers.Wires;

/// <summary>
/// Socket.IO 5 on Engine.IO 4, over WebSocket only. The first digit is the Engine.IO type of the packet (0 open, 2 ping, 3 pong, 4 message).
/// The digit after a 4 is the Socket.IO type (0 connect, 2 event).
/// </summary>
internal sealed class SocketIoWire : Wire
{
    public override string GetPath(int connection, bool publishes) => "/socket.io/?EIO=4&transport=websocket";

    public override bool IsReady(ReadOnlySpan<byte> payload) => payload.StartsWith("42[\"ready\""u8);

    public override string? GetAnswer(ReadOnlySpan<byte> payload) =>
        payload.StartsWith("0{"u8) ? "40"
        : payload.SequenceEqual("2"u8) ? "3"
        : null;

    public override bool IsError(ReadOnlySpan<byte> payload) => payload.StartsWith("44"u8);

    protected override string CreateMessage(string text) => $"42[\"say\",\"{text}\"]";
}
