using System.Text;
using Microsoft.Extensions.Logging;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Transports;

/// <summary>
/// An exception in the handler of an HTTP session ends only this session. The server logs the exception once, and answers the POST with an
/// error.
/// </summary>
public sealed class FailingHandlerTests
{
    [Test]
    public async Task Exception_of_the_handler_is_answered_and_ends_the_connection()
    {
        using var log = new RecordedLog(LogLevel.Error);
        using var connections = new ConnectionRegistry();
        var session = new HttpSession("token", "remote", new HttpEndpoint { Handlers = new FailingHandler() }, new HttpOptions(), new ConnectionOptions(), TimeProvider.System);
        var run = session.RunAsync(connections, log);
        using var pending = new PendingAnswerBytes(session, new ByteBudget(1_000));
        var slots = Enumerable.Range(0, 2).Select(_ => new AnswerSlot(PostedFrame.FromBody("x"u8.ToArray(), 10), pending)).ToList();

        (await session.ReceiveAsync(slots, CancellationToken.None).OrFail("the answers")).Should().BeTrue();
        await run.OrFail("the end of the session");

        session.Connection.Reason.Should().Be(Disconnect.Internal);
        ChatCodec.TryReadServer(slots[0].Answers.Should().ContainSingle().Subject.Span, out var answer).Should().BeTrue();
        answer.Should().BeOfType<ErrorFrame>().Which.Error.Code.Should().Be(ErrorCode.Internal);
        slots[1].Answers.Should().BeEmpty();
        log.Lines.Should().ContainSingle().Which.Should().Contain("broken handler");
        (await session.ReceiveAsync([slots[1]], CancellationToken.None).OrFail("an answer after the end")).Should().BeFalse();
    }

    private sealed class FailingHandler : IConnectionHandlerFactory, IConnectionHandler
    {
        public IConnectionHandler Create(Connection connection) => this;

        public ValueTask OnOpenedAsync() => default;

        public ValueTask OnMessageAsync(ReadOnlyMemory<byte> message, MessageKind kind, IFrameSink answers) => throw new FormatException("broken handler");

        public ValueTask OnMessageTooBigAsync(int limitBytes) => default;

        public ValueTask OnClosedAsync() => default;

        public EncodedFrame? CreateCloseMessage(Disconnect reason) => new(Encoding.UTF8.GetBytes("bye"));

        public EncodedFrame? CreateSlowConsumerNotice(long queuedBytes, long limitBytes) => null;
    }
}
