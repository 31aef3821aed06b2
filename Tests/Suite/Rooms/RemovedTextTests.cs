using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Operator;
using RawSocketChat.Tests.Support;
using RawSocketChat.Tests.Transports;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Rooms;

/// <summary>
/// A deleted text, and a text that an edit has replaced, must not reach a client that connects later or reconnects. The tests check every
/// transport and the export, while the server runs and after a restart.
/// </summary>
[TestFixture(false)]
[TestFixture(true)]
public sealed class RemovedTextTests(bool isRestarted)
{
    // The seq of the last event that the reconnecting client has received.
    private const long LastSeen = 3;

    private static readonly string[] Removed = ["first draft", "second draft", "deleted gossip", "draft before the deletion"];

    private TemporaryFolder _data = null!;
    private ServerUnderTest _server = null!;
    private string _epoch = "";
    private string _session = "";

    [OneTimeSetUp]
    public async Task PostAndChange()
    {
        _data = new TemporaryFolder();
        _server = await ServerUnderTest.StartAsync("--Data:Path", _data.Path);
        var (ann, joined) = await ChatClient.JoinAsync(_server.HttpPort, "ann");
        var (bob, _) = await ChatClient.JoinAsync(_server.HttpPort, "bob");
        (_epoch, _session) = (joined.Epoch, bob.Inbox.All.OfType<WelcomeFrame>().Single().Session);
        await bob.SayAsync("hello");
        await ann.SayAsync("first draft");
        await ann.SayAsync("deleted gossip");
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Seq == LastSeen);
        await bob.DisposeAsync();

        await ann.SayAsync("draft before the deletion");
        foreach (var frame in (ClientFrame[])
        [
            new() { Type = ClientFrameType.Edit, Seq = 2, Text = "second draft" },
            new() { Type = ClientFrameType.Edit, Seq = 2, Text = "final text" },
            new() { Type = ClientFrameType.Delete, Seq = 3 },
            new() { Type = ClientFrameType.Edit, Seq = 4, Text = "second draft" },
            new() { Type = ClientFrameType.Delete, Seq = 4 },
        ])
            await ann.RequestAsync<AckFrame>(frame with { Id = NewId() });
        await ann.SayAsync("the end");
        await ann.DisposeAsync();

        if (!isRestarted)
            return;
        await _server.DisposeAsync();
        _server = await ServerUnderTest.StartAsync("--Data:Path", _data.Path);
    }

    [OneTimeTearDown]
    public async Task StopServer()
    {
        await _server.DisposeAsync();
        _data.Dispose();
    }

    [Test]
    public async Task WebSocket_shows_no_removed_text()
    {
        await ShouldReadNoRemovedTextAsync(await ChatClient.ConnectAsync(_server.HttpPort));
        await ShouldReadNoRemovedTextAsync(await ChatClient.ConnectAsync(_server.HttpPort, $"/ws?session={_session}"));
    }

    [Test]
    public async Task Raw_TCP_shows_no_removed_text()
    {
        await ShouldReadNoRemovedTextAsync(await LineClient.ConnectAsync(_server.RawPort));
        var resumed = await LineClient.ConnectAsync(_server.RawPort);
        await resumed.SendAsync(new ClientFrame { Type = ClientFrameType.Hello, Session = _session });
        await ShouldReadNoRemovedTextAsync(resumed);
    }

    [Test]
    public async Task HTTP_shows_no_removed_text([Values] HttpTransport transport)
    {
        await ShouldReadNoRemovedTextAsync(await HttpChatPeer.ConnectAsync(_server.HttpPort, transport));
        await ShouldReadNoRemovedTextAsync(await HttpChatPeer.ConnectAsync(_server.HttpPort, transport, session: _session));
    }

    [Test]
    public async Task Returning_HTTP_client_receives_no_text_that_was_removed_during_its_absence()
    {
        using var absent = await HttpTestClient.StartSessionAsync(_server.HttpPort);
        var room = await absent.CreateRoomAsync();
        var (ann, _) = await ChatClient.JoinAsync(_server.HttpPort, "ann", room);
        foreach (var text in Removed)
            await ann.SayAsync(text, room: room);
        await ann.SayAsync("unchanged", room: room);
        foreach (var frame in (ClientFrame[])
        [
            new() { Type = ClientFrameType.Edit, Seq = 1, Text = "second draft" },
            new() { Type = ClientFrameType.React, Seq = 1, Emoji = "👍" },
            new() { Type = ClientFrameType.Edit, Seq = 1, Text = "final text" },
            new() { Type = ClientFrameType.Delete, Seq = 2 },
            new() { Type = ClientFrameType.Edit, Seq = 3, Text = "first draft" },
            new() { Type = ClientFrameType.Delete, Seq = 3 },
            new() { Type = ClientFrameType.Delete, Seq = 4 },
        ])
            await ann.RequestAsync<AckFrame>(frame with { Room = room, Id = NewId() });
        await ann.DisposeAsync();

        var received = (await absent.GetAsync("/poll?after=0")).Frames.Where(frame => frame is MessageFrame or EditedFrame or DeletedFrame or ReactedFrame).ToArray();
        string.Concat(received.Select(frame => Encoding.UTF8.GetString(ChatCodec.Encode(frame)))).Should().Contain("final text").And.Contain("unchanged").And.NotContainAny(Removed);
        received.OfType<MessageFrame>().Select(message => (message.Seq, message.Text, message.Deleted)).Should().Equal(
            (1, "final text", false), (2, "", true), (3, "", true), (4, "", true), (5, "unchanged", false));
        received.OfType<EditedFrame>().Select(edit => (edit.Seq, edit.Text)).Should().Equal((6, "final text"), (8, "final text"), (10, ""));
    }

    [Test]
    public async Task Export_has_no_removed_text()
    {
        var exported = (await OperatorRunner.RunAsync(_data.Path, "export", "lobby")).ShouldSucceed().Output;
        exported.Should().Contain("final text").And.NotContainAny(Removed);
    }

    // Reads the log with each kind of request, then checks all frames that the client has received.
    private async Task ShouldReadNoRemovedTextAsync(IChatPeer peer)
    {
        await using var _ = peer;
        foreach (var join in (ClientFrame[])[Join("lobby"), Join("lobby", after: LastSeen, _epoch), Join("lobby", after: 0, _epoch), Join("lobby", after: 0, "e-other"), Join("lobby", limit: 1)])
            await peer.RequestAsync<JoinedFrame>(join);
        var history = new ClientFrame { Type = ClientFrameType.History };
        foreach (var request in (ClientFrame[])[history, history with { After = 0 }, history with { Before = 6 }, history with { Around = 3 }, history with { Around = 4, Limit = 1 }])
            await peer.RequestAsync<HistoryFrame>(request with { Id = NewId() });
        // The answer to this join contains one event. The server sends each of the other missed events in its own frame.
        await peer.RequestAsync<JoinedFrame>(Join("lobby", after: 1, limit: 1));
        await peer.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "the end");

        string.Concat(peer.Inbox.All.Select(frame => Encoding.UTF8.GetString(ChatCodec.Encode(frame)))).Should().Contain("final text").And.NotContainAny(Removed);
    }

    private static FrameId NewId() => FrameId.From($"{Guid.NewGuid():n}");
}
