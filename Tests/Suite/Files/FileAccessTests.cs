using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Files;

/// <summary>A file can be read by its uploader, and by the current members of each room with a message that has the file.</summary>
public sealed class FileAccessTests
{
    private static readonly byte[] Content = TestContents.Text("secret");

    private ServerUnderTest _server = null!;
    private string _room = "";
    private FileClient _ann = null!;
    private FileClient _bob = null!;
    private FileClient _outsider = null!;

    [OneTimeSetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");

    [OneTimeTearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [SetUp]
    public async Task Begin()
    {
        _room = $"room-{Guid.NewGuid():n}"[..20];
        (_ann, _bob, _outsider) = (await FileClient.StartAsync(_server.HttpPort), await FileClient.StartAsync(_server.HttpPort), await FileClient.StartAsync(_server.HttpPort));
    }

    [TearDown]
    public void End()
    {
        foreach (var client in (FileClient[])[_ann, _bob, _outsider])
            client.Dispose();
    }

    [Test]
    public async Task Only_the_uploader_can_read_a_file_that_is_in_no_message()
    {
        await CreateRoomAsync(isPrivate: false);
        var file = await _ann.UploadAsync(Content);
        (await _ann.GetStatusAsync(file)).Should().Be(200);
        (await _bob.GetStatusAsync(file)).Should().Be(404);
    }

    [Test]
    public async Task Members_can_read_a_posted_file_and_other_users_get_the_answer_for_an_unknown_file([Values] bool isPrivate)
    {
        await CreateRoomAsync(isPrivate);
        var file = await PostAsync();
        (await _bob.DownloadAsync(file)).Bytes.Should().Equal(Content);
        var refused = await _outsider.Http.GetAsync(TextFormat.GetPath(file));
        refused.ShouldBe(404, ErrorCode.NotFound);
        var unknown = await _outsider.Http.GetAsync("/files/00000000000000000000000000000000/x");
        (refused.Status, refused.Body).Should().Be((unknown.Status, unknown.Body));
        refused.Headers.Select(header => header.Key).Should().BeEquivalentTo(unknown.Headers.Select(header => header.Key));

        using var nobody = new HttpTestClient(_server.HttpPort);
        (await nobody.GetAsync(TextFormat.GetPath(file))).ShouldBe(401, ErrorCode.NotAllowed);
        (await _bob.Http.GetAsync(TextFormat.GetPath(file), ("Origin", "https://evil.example"))).ShouldBe(403, ErrorCode.NotAllowed);
        (await _bob.Http.GetAsync(TextFormat.GetPath(file), ("Sec-Fetch-Site", "cross-site"))).ShouldBe(403, ErrorCode.NotAllowed);
    }

    [Test]
    public async Task Page_can_read_a_file_with_its_cookie()
    {
        await CreateRoomAsync(isPrivate: true);
        var file = await PostAsync();
        (await _ann.Http.GetAsync(TextFormat.GetPath(file), ("Cookie", $"rsc_session={_bob.Http.Token}"), ("Sec-Fetch-Site", "same-origin"))).Body.Should().Be("secret");
    }

    [Test]
    public async Task Member_who_leaves_or_is_removed_can_no_longer_read_the_file([Values("leave", "kick", "ban")] string action)
    {
        await CreateRoomAsync(isPrivate: false);
        var file = await PostAsync();
        (await _bob.GetStatusAsync(file)).Should().Be(200);
        if (action == "leave")
            await _bob.SendAsync<AckFrame>($$"""{"type":"leave","room":"{{_room}}"}""");
        else
            await _ann.SendAsync<AckFrame>($$"""{"type":"{{action}}","user":"{{await GetNameAsync(_bob)}}","room":"{{_room}}"}""");
        (await _bob.GetStatusAsync(file)).Should().Be(404);
        (await _ann.GetStatusAsync(file)).Should().Be(200);

        if (action == "ban")
            return;
        await _bob.SendAsync<JoinedFrame>($$"""{"type":"join","room":"{{_room}}"}""");
        (await _bob.GetStatusAsync(file)).Should().Be(200);
    }

    [Test]
    public async Task User_who_joins_later_can_read_a_file_of_an_earlier_message()
    {
        await CreateRoomAsync(isPrivate: false);
        var file = await PostAsync();
        (await _outsider.GetStatusAsync(file)).Should().Be(404);
        await _outsider.SendAsync<JoinedFrame>($$"""{"type":"join","room":"{{_room}}"}""");
        (await _outsider.GetStatusAsync(file)).Should().Be(200);
    }

    [Test]
    public async Task Member_can_read_a_file_without_a_connection()
    {
        await CreateRoomAsync(isPrivate: true);
        var file = await PostAsync();
        await using var bob = await ChatClient.ConnectAsync(_server.HttpPort, $"/ws?session={_bob.Http.Token}");
        var user = (await bob.Inbox.ExpectAsync<WelcomeFrame>()).User;
        foreach (var connection in _server.Services.GetRequiredService<Server.Sessions.SessionStore>().GetConnections(user))
            connection.Close(Server.Connections.Disconnect.Draining);
        await TestWait.UntilAsync(() => _server.Services.GetRequiredService<Server.Sessions.SessionStore>().FindConnectedUser(user) is null, "the end of all connections");
        (await _bob.GetStatusAsync(file)).Should().Be(200);
    }

    [Test]
    public async Task Members_of_both_rooms_can_read_a_file_that_is_in_two_rooms()
    {
        await CreateRoomAsync(isPrivate: true);
        var file = await PostAsync();
        var second = $"{_room}-2";
        await _ann.SendAsync<JoinedFrame>($$"""{"type":"create","room":"{{second}}"}""");
        await _outsider.SendAsync<JoinedFrame>($$"""{"type":"join","room":"{{second}}"}""");
        (await _outsider.GetStatusAsync(file)).Should().Be(404);
        var said = await _ann.SendAsync<AckFrame>(FileClient.CreateSay("again", [file.Id], room: second));
        (await _outsider.GetStatusAsync(file)).Should().Be(200);
        await _ann.SendAsync<AckFrame>($$"""{"type":"delete","room":"{{second}}","seq":{{said.Seq}}}""");
        (await _outsider.GetStatusAsync(file)).Should().Be(404);
        (await _bob.GetStatusAsync(file)).Should().Be(200);
    }

    [Test]
    public async Task File_of_another_user_cannot_be_posted()
    {
        await CreateRoomAsync(isPrivate: true);
        var file = await PostAsync();
        var error = (await _bob.SendAsync<ErrorFrame>(FileClient.CreateSay("mine", [file.Id], room: _room))).Error;
        error.Code.Should().Be(ErrorCode.NotFound);
        (await _bob.SendAsync<ErrorFrame>(FileClient.CreateSay("mine", ["00000000000000000000000000000000"], room: _room))).Error.Should().Be(error);
    }

    [Test]
    public async Task Files_of_a_closed_room_can_no_longer_be_read()
    {
        await CreateRoomAsync(isPrivate: false);
        var file = await PostAsync();
        await _ann.SendAsync<AckFrame>($$"""{"type":"close","room":"{{_room}}"}""");
        (await _bob.GetStatusAsync(file)).Should().Be(404);
        // The server erases the log in the background. After that, the uploader can no longer read the file either.
        await _server.Services.GetRequiredService<Server.Storage.IRoomCatalog>().EraseRemovedAsync(default);
        (await _ann.GetStatusAsync(file)).Should().Be(404);
    }

    private async Task CreateRoomAsync(bool isPrivate)
    {
        await _ann.SendAsync<JoinedFrame>($$"""{"type":"create","room":"{{_room}}","private":{{(isPrivate ? "true" : "false")}}}""");
        if (isPrivate)
        {
            await _bob.SendAsync<WelcomeFrame>("""{"type":"whoami"}""");
            await _ann.SendAsync<AckFrame>($$"""{"type":"invite","user":"{{await GetNameAsync(_bob)}}","room":"{{_room}}"}""");
        }

        await _bob.SendAsync<JoinedFrame>($$"""{"type":"join","room":"{{_room}}"}""");
    }

    private static async Task<string> GetNameAsync(FileClient client) => (await client.SendAsync<WelcomeFrame>("""{"type":"whoami"}""")).Name;

    private async Task<AttachedFile> PostAsync()
    {
        var file = await _ann.UploadAsync(Content, "secret.txt");
        await _ann.SendAsync<AckFrame>(FileClient.CreateSay("look", [file.Id], room: _room));
        return file;
    }
}
