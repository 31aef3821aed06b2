using System.IO.Pipelines;
using System.Text;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Tests.Connections;

public sealed class BroadcastTests
{
    [Test]
    public void Everybody_gets_it_once_however_many_they_are([Range(0, 6)] int count)
    {
        var peers = Enumerable.Range(0, count).Select(i => new Peer(new Plain())).ToArray();

        Broadcast.Send([.. peers.Select(peer => peer.Connection)], Frame("hi;"));

        foreach (var peer in peers)
            peer.Received().Should().Be("hi;");
    }

    [Test]
    public void What_one_of_them_meets_keeps_it_from_nobody()
    {
        Peer[] peers = [new(new Plain()), new(new Broken()), new(new Plain())];

        Broadcast.Send([.. peers.Select(peer => peer.Connection)], Frame("hi;"));

        peers.Select(peer => peer.Connection.Reason).Should().Equal(null, Disconnect.Internal, null);
        peers[0].Received().Should().Be("hi;");
        peers[2].Received().Should().Be("hi;");
    }

    private static OutboundFrame Frame(string text) => new(Encoding.UTF8.GetBytes(text));

    private sealed class Plain : WireEncoding
    {
        public override ReadOnlyMemory<byte> Encode(OutboundFrame frame) => frame.Payload;
    }

    private sealed class Broken : WireEncoding
    {
        public override ReadOnlyMemory<byte> Encode(OutboundFrame frame) => throw new FormatException("as if the format had a fault");
    }

    private sealed class Peer
    {
        private readonly Pipe _pipe = new();

        public Peer(WireEncoding encoding)
        {
            var outbox = new PipeOutbox(_pipe.Writer, encoding, limitBytes: 1000, TimeProvider.System);
            Connection = new Connection("test", "here", new ConnectionRequest(), outbox, TimeProvider.System) { Handler = new MuteHandler() };
        }

        public Connection Connection { get; }

        public string Received() => _pipe.Reader.TryRead(out var result) ? Encoding.UTF8.GetString(result.Buffer) : "";
    }
}
