using System.IO.Pipelines;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Tests.Connections;

public sealed class ConnectionTests
{
    [Test]
    public void Connection_closes_and_does_not_throw_when_a_frame_cannot_be_encoded()
    {
        var outbox = new PipeOutbox(new Pipe().Writer, new BrokenEncoding(), limitBytes: 1000, TimeProvider.System);
        var connection = new Connection("test", "here", new ConnectionRequest(), outbox, TimeProvider.System) { Handler = new SilentHandler() };

        connection.Send(new EncodedFrame("x"u8.ToArray()));

        connection.Reason.Should().Be(Disconnect.Internal);
        connection.Fault.Should().BeOfType<FormatException>();
    }

    [Test]
    public void Connection_keeps_the_first_close_reason_and_notifies_the_transport_once()
    {
        var woken = 0;
        var outbox = new PipeOutbox(new Pipe().Writer, new BrokenEncoding(), limitBytes: 1000, TimeProvider.System);
        var connection = new Connection("test", "here", new ConnectionRequest(), outbox, TimeProvider.System) { Handler = new SilentHandler(), Transport = new WaitingTransport(() => woken++) };

        connection.Close(Disconnect.Idle);
        connection.Close(Disconnect.Draining);

        connection.Reason.Should().Be(Disconnect.Idle);
        woken.Should().Be(1);
    }

    private sealed class WaitingTransport(Action onClosing) : IConnectionTransport
    {
        public Task ReceiveAsync() => Task.CompletedTask;

        public void OnClosing() => onClosing();
    }

    private sealed class BrokenEncoding : WireEncoding
    {
        public override ReadOnlyMemory<byte> Encode(EncodedFrame frame) => throw new FormatException("a fault of the format, for the test");
    }
}
