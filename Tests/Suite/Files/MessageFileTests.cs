using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Files;

/// <summary>Messages with files: <c>say</c>, <c>edit</c>, <c>delete</c>, <c>search</c>, and what happens to the files.</summary>
[TestFixture("full")]
[TestFixture("none")]
[TestFixture(TestEngine.Postgres, Category = Categories.Slow)] // runs PostgreSQL
public sealed class MessageFileTests(string engine)
{
    private FakeTimeProvider _time = null!;
    private ServerUnderTest _server = null!;
    private FileClient _ann = null!;

    [SetUp]
    public async Task Begin()
    {
        _time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 10, 0, 0, TimeSpan.Zero));
        _server = await ServerUnderTest.StartAsync(
            services => services.AddSingleton<TimeProvider>(_time),
            [.. await TestEngine.GetSettingsAsync(engine), "--Limits:Enabled", "false", "--Files:PerMessage", "3", "--Http:GraceSeconds", "3600", "--Sessions:GuestMinutes", "10000"]);
        _ann = await FileClient.JoinAsync(_server.HttpPort, "ann");
    }

    [TearDown]
    public async Task End()
    {
        _ann.Dispose();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task Delivered_messages_and_history_and_search_results_contain_the_files()
    {
        await using var bob = (await ChatClient.JoinAsync(_server.HttpPort, "bob")).Client;
        var (first, second) = (await _ann.UploadAsync([1], "one.bin"), await _ann.UploadAsync(TestContents.Text("two"), "two.txt"));
        await _ann.SayAsync("look", second, first);
        await _ann.SayAsync("no file");
        (await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "look")).Files.Should().Equal(second, first);
        (await _ann.ReadHistoryAsync()).Select(message => message.Files?.Count ?? 0).Should().Equal(2, 0);

        var found = await _ann.SendAsync<ResultsFrame>("""{"type":"search","query":"has:file"}""");
        FileClient.Read(found.Messages.Should().ContainSingle().Subject).Should().BeOfType<MessageFrame>().Which.Files.Should().Equal(second, first);
        (await _ann.SendAsync<ResultsFrame>("""{"type":"search","query":"look has:file in:#lobby from:ann"}""")).Messages.Should().ContainSingle();
        (await _ann.SendAsync<ResultsFrame>("""{"type":"search","query":"no has:file"}""")).Messages.Should().BeEmpty();
        (await _ann.SendAsync<ResultsFrame>("""{"type":"search","query":"file"}""")).Messages.Should().ContainSingle("this query finds the word in texts, not messages with files");
    }

    [Test]
    public async Task Text_of_a_message_with_a_file_may_be_empty_and_nc_shows_the_file()
    {
        await using var nc = await LineClient.ConnectAsync(_server.RawPort);
        await nc.SendAsync("/join lobby");
        var file = await _ann.UploadAsync(TestContents.Random(2_048, seed: 1), "my cat.bin");
        await _ann.SayAsync("", file);
        await TestWait.UntilAsync(() => nc.Lines.Any(line => line.Contains("[file", StringComparison.Ordinal)), () => string.Join('\n', nc.Lines));
        nc.Lines.Last(line => line.Contains("[file", StringComparison.Ordinal)).Should().Be($"[10:00:00] #lobby <ann> [file: my cat.bin, 2 KB, /files/{file.Id}/my%20cat.bin]");
    }

    [Test]
    public async Task Message_has_at_most_PerMessage_files_and_no_file_twice()
    {
        var files = new List<AttachedFile>();
        for (byte i = 0; i < 4; i++)
            files.Add(await _ann.UploadAsync([i]));
        (await RejectAsync(files)).Should().Match<ChatError>(error => error.Code == ErrorCode.TooMany && error.Text.Contains("at most 3", StringComparison.Ordinal));
        (await RejectAsync([files[0], files[0]])).Code.Should().Be(ErrorCode.BadField);
        await _ann.SayAsync("", [.. files[..3]]);

        async Task<ChatError> RejectAsync(List<AttachedFile> some) => (await _ann.SendAsync<ErrorFrame>(FileClient.CreateSay("", [.. some.Select(file => file.Id)]))).Error;
    }

    [Test]
    public async Task Edit_keeps_the_files()
    {
        var file = await _ann.UploadAsync([1]);
        var said = await _ann.SayAsync("tpyo", file);
        await _ann.SendAsync<AckFrame>($$"""{"type":"edit","seq":{{said.Seq}},"text":"typo"}""");
        (await _ann.ReadHistoryAsync())[0].Should().Match<MessageFrame>(message => message.Text == "typo" && message.Files!.Count == 1);
        (await _ann.SendAsync<ResultsFrame>("""{"type":"search","query":"typo has:file"}""")).Messages.Should().ContainSingle();
        (await _ann.GetStatusAsync(file)).Should().Be(200);
    }

    [Test]
    public async Task Deletion_of_the_last_message_with_a_file_removes_the_file_and_its_content()
    {
        var content = TestContents.Random(3_000, seed: 3);
        var file = await _ann.UploadAsync(content);
        var (first, second) = (await _ann.SayAsync("one", file), await _ann.SayAsync("two", file));
        await _ann.SendAsync<AckFrame>($$"""{"type":"delete","seq":{{first.Seq}}}""");
        (await _ann.GetStatusAsync(file)).Should().Be(200);
        (await _ann.ReadHistoryAsync())[0].Should().Match<MessageFrame>(message => message.Deleted && message.Files == null);

        await _ann.SendAsync<AckFrame>($$"""{"type":"delete","seq":{{second.Seq}}}""");
        (await _ann.GetStatusAsync(file)).Should().Be(404);
        await TestWait.UntilAsync(() => _server.ListContents().Length == 0, "the removal of the content");
        (await _ann.SendAsync<ResultsFrame>("""{"type":"search","query":"has:file"}""")).Messages.Should().BeEmpty();
        (await _ann.SendAsync<ErrorFrame>(FileClient.CreateSay("again", [file.Id]))).Error.Code.Should().Be(ErrorCode.NotFound);
    }

    [Test]
    public async Task Content_stays_while_another_file_has_the_same_content()
    {
        var content = TestContents.Random(3_000, seed: 4);
        using var bob = await FileClient.JoinAsync(_server.HttpPort, "bob");
        var (of, his) = (await _ann.UploadAsync(content), await bob.UploadAsync(content));
        await bob.SayAsync("mine", his);
        var said = await _ann.SayAsync("x", of);
        await _ann.SendAsync<AckFrame>($$"""{"type":"delete","seq":{{said.Seq}}}""");
        (await _ann.GetStatusAsync(of)).Should().Be(404);
        var marker = await _ann.UploadAsync([9]);
        await _ann.SendAsync<AckFrame>($$"""{"type":"delete","seq":{{(await _ann.SayAsync("y", marker)).Seq}}}""");
        await TestWait.UntilAsync(() => _server.ListContents().Length == 1, "the removal of the other content");
        (await bob.DownloadAsync(his)).Bytes.Should().Equal(content);
    }

    [Test]
    public async Task Repeated_request_is_a_duplicate_even_if_its_message_was_deleted()
    {
        var file = await _ann.UploadAsync([1]);
        var frame = FileClient.CreateSay("", [file.Id], id: "k-1");
        var first = await _ann.SendAsync<AckFrame>(frame);
        (await _ann.SendAsync<AckFrame>(frame)).Should().Match<AckFrame>(ack => ack.Duplicate && ack.Seq == first.Seq);
        await _ann.SendAsync<AckFrame>($$"""{"type":"delete","seq":{{first.Seq}}}""");
        (await _ann.SendAsync<AckFrame>(frame)).Should().Match<AckFrame>(ack => ack.Duplicate && ack.Seq == first.Seq);
        (await _ann.SendAsync<ErrorFrame>(FileClient.CreateSay("", [file.Id], id: "k-2"))).Error.Code.Should().Be(ErrorCode.NotFound);
    }

    [Test]
    public async Task File_that_no_message_has_is_removed_after_a_day()
    {
        var (unused, used) = (await _ann.UploadAsync(TestContents.Text("unused")), await _ann.UploadAsync(TestContents.Text("used")));
        await _ann.SayAsync("", used);
        for (var hour = 0; hour < 23; hour++)
            _time.Advance(TimeSpan.FromHours(1));
        (await _ann.GetStatusAsync(unused)).Should().Be(200);
        await TestWait.UntilAsync(
            async () =>
            {
                _time.Advance(TimeSpan.FromMinutes(10));
                return await _ann.GetStatusAsync(unused) == 404 && _server.ListContents().Length == 1;
            },
            "the removal of the unused file");
        (await _ann.GetStatusAsync(used)).Should().Be(200);
    }

    [Test]
    public async Task Program_cannot_post_files()
    {
        var file = await _ann.UploadAsync([1]);
        await _ann.SendAsync<JoinedFrame>("""{"type":"create","room":"garden"}""");
        var token = (await _ann.SendAsync<TokensFrame>("""{"type":"tokens","do":"create","name":"bot","room":"garden"}""")).Token!;
        using var bot = new HttpTestClient(_server.HttpPort, token);
        (await bot.PostAsync("/api/rooms/garden/messages", $$"""{"text":"x","files":["{{file.Id}}"]}""")).ShouldBe(400, ErrorCode.NotOffered).Text.Should().Contain("files");
        await _ann.SendAsync<AckFrame>(FileClient.CreateSay("look", [file.Id], room: "garden"));
        (await bot.GetAsync("/api/rooms/garden/messages")).Body.Should().Contain(file.Id);
    }
}
