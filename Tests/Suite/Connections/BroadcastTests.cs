using System.IO.Pipelines;
using System.Text;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Tests.Connections;

public sealed class BroadcastTests
{
    [Test]
    public void Every_connection_receives_the_message_once([Range(0, 6)] int count)
    {
        var peers = Enumerable.Range(0, count).Select(i => new Peer(new PlainEncoding())).ToArray();

        Broadcast.Send([.. peers.Select(peer => peer.Connection)], Frame("hi;"));

        foreach (var peer in peers)
            peer.Received().Should().Be("hi;");
    }

    [Test]
    public void Failing_connection_does_not_stop_the_delivery_to_other_connections()
    {
        Peer[] peers = [new(new PlainEncoding()), new(new BrokenEncoding()), new(new PlainEncoding())];

        Broadcast.Send([.. peers.Select(peer => peer.Connection)], Frame("hi;"));

        peers.Select(peer => peer.Connection.Reason).Should().Equal(null, Disconnect.Internal, null);
        peers[0].Received().Should().Be("hi;");
        peers[2].Received().Should().Be("hi;");
    }

    private static EncodedFrame Frame(string text) => new(Encoding.UTF8.GetBytes(text));

    private sealed class PlainEncoding : WireEncoding
    {
        public override ReadOnlyMemory<byte> Encode(EncodedFrame frame) => frame.Payload;
    }

    private sealed class BrokenEncoding : WireEncoding
    {
        public override ReadOnlyMemory<byte> Encode(EncodedFrame frame) => throw new FormatException("a fault of the format, for the test");
    }

    private sealed class Peer
    {
        private readonly Pipe _pipe = new();

        public Peer(WireEncoding encoding)
        {
            var outbox = new PipeOutbox(_pipe.Writer, encoding, limitBytes: 1000, TimeProvider.System);
            Connection = new Connection("test", "here", new ConnectionRequest(), outbox, TimeProvider.System) { Handler = new SilentHandler() };
        }

        public Connection Connection { get; }

        public string Received() => _pipe.Reader.TryRead(out var result) ? Encoding.UTF8.GetString(result.Buffer) : "";
    }
}
