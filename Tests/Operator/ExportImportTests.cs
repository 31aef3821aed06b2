using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Tests.Storage;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Operator.OperatorRunner;

namespace RawSocketChat.Tests.Operator;

/// <summary>What <c>export</c> writes, <c>import</c> makes again, to the last byte; and what it does not take.</summary>
public sealed class ExportImportTests
{
    private static readonly NewEvent[] Odd =
    [
        Said("\U0001F600 e\u0301 \u202E \u2028 <b> \"quoted\" \\ \t\r\n"),
        Said("a NUL \0 and \u0001\u001f\u007f", "s\0\U0001F600"),
        Said("", "i-42"),
        Said("42 as a text", "s42", "bob"),
        Said("42 as a number", "i42", "bob"),
        Said("waves", "i42") with { Me = true, Reply = 3 },
        new(RoomEventKind.Topic, "u1", "bob", "be \u00e4 \0 kind", ClientId: "s43"),
        new(RoomEventKind.Topic, "u1", "r\u00f6b", ""),
        Said(new string('\u4e2d', 60_000)),
    ];

    [Test]
    public async Task An_event_is_a_line_in_the_words_of_the_wire()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 10, 2, 31, 123, TimeSpan.Zero));
        using var storage = new OpenStorage(time);
        await storage.Catalog.TryCreateRoomAsync(new StoredRoom("Lobby", "Say hello", "u1", true), default);
        var epoch = (await storage.Log.OpenAsync("Lobby", default)).Epoch;
        await storage.Log.AppendAsync("Lobby", [Said("hi \u00e4 <b>", "s1"), Said("waves") with { Me = true, Reply = 1 }, new(RoomEventKind.Topic, "u1", "bob", "be kind")], default);

        var lines = (await RunAsync(storage.Folder, "export", "lobby")).ShouldSucceed().Lines;
        lines[0].Should().Be($$"""{"type":"export","version":1,"room":"Lobby","epoch":"{{epoch}}","topic":"be kind","owner":"u1","private":true,"first":1,"last":3,"at":"{{JsonNode.Parse(lines[0])!["at"]}}"}""");
        lines.Skip(1).Should().Equal(
            """{"type":"message","seq":1,"at":"2026-11-23T10:02:31.123Z","from":{"user":"ann","name":"ann"},"text":"hi ä <b>","id":"s1"}""",
            """{"type":"message","seq":2,"at":"2026-11-23T10:02:31.123Z","from":{"user":"ann","name":"ann"},"text":"waves","reply":1,"me":true}""",
            """{"type":"topic","seq":3,"at":"2026-11-23T10:02:31.123Z","from":{"user":"u1","name":"bob"},"text":"be kind"}""");
    }

    [TestCase(null)]
    [TestCase("another")]
    public async Task A_room_comes_back_as_it_was(string? name)
    {
        using var source = await OddRoomAsync();
        using var target = new OpenStorage();
        target.Storage.Dispose();
        var exported = (await RunAsync(source.Folder, "export", "odd")).ShouldSucceed().Output;

        (await FeedAsync(exported, target.Folder, name is null ? ["import", "-"] : ["import", "-", "--as", name])).ShouldSucceed();

        var again = (await RunAsync(target.Folder, "export", name ?? "Odd")).ShouldSucceed().Output;
        Body(again).Should().Be(Body(exported));
        var (head, headAgain) = (Head(exported), Head(again));
        ((string)headAgain["room"]!).Should().Be(name ?? "Odd");
        ((string)headAgain["epoch"]! == (string)head["epoch"]!).Should().Be(name is null, "another name is another log");
        foreach (var field in (string[])["room", "epoch", "at"])
            headAgain[field] = head[field]!.DeepClone();
        headAgain.ToJsonString().Should().Be(head.ToJsonString());
        (await RunAsync(target.Folder, "check")).ShouldSucceed();

        target.Reopen();
        var log = await target.Log.OpenAsync(name ?? "Odd", default);
        log.Should().Match<RoomLogState>(state => state.First == 3 && state.Last == Odd.Length);
        (await target.Log.ReadAfterAsync(name ?? "Odd", 0, 100, int.MaxValue, default)).Select(found => found.Content).Should().Equal(Odd[2..]);
        var repeat = (await target.Log.AppendAsync(name ?? "Odd", [Said("again", "i42", "bob"), Said("new", "i43", "bob")], default)).ToList();
        repeat[0].Should().Match<Appended>(entry => entry.IsDuplicate && entry.Seq == 5);
        repeat[1].Should().Match<Appended>(entry => !entry.IsDuplicate && entry.Seq == Odd.Length + 1);
    }

    [Test]
    public async Task A_log_of_which_nothing_is_left_comes_back_too()
    {
        using var source = new OpenStorage();
        await source.Log.OpenAsync("empty", default);
        source.Storage.Dispose();
        Execute(source.Folder, "UPDATE rooms SET first = 8");
        using var target = new TemporaryFolder();
        var exported = (await RunAsync(source.Folder, "export", "empty")).ShouldSucceed().Output;
        (await FeedAsync(exported, target.Path, "import", "-")).ShouldSucceed();
        (await RunAsync(target.Path, "export", "empty")).Output.Should().Contain("\"first\":8,\"last\":7,");
    }

    [Test]
    public async Task Beside_the_original_ids_stay_with_the_original()
    {
        using var storage = await OddRoomAsync();
        var exported = (await RunAsync(storage.Folder, "export", "odd")).Output;
        storage.Storage.Dispose();
        (await FeedAsync(exported, storage.Folder, "import", "-")).ShouldFail("import: there is a room \"Odd\" already; try: --as Odd-2");
        (await FeedAsync(exported, storage.Folder, "import", "-", "--as", "oDD")).ShouldFail("there is a room");

        var import = await FeedAsync(exported, storage.Folder, "import", "-", "--as", "Odd-2");
        import.ShouldSucceed().Output.Should().Contain("5 of them without their ids");
        (await RunAsync(storage.Folder, "check")).ShouldSucceed().Output.Should().Contain("2 rooms, 14 events");
        storage.Reopen();
        (await storage.Log.AppendAsync("Odd-2", [Said("again", "i42", "bob")], default))[0].Should().Match<Appended>(entry => entry.IsDuplicate && entry.Room == "Odd" && entry.Seq == 5);
    }

    [Test]
    public async Task Ids_in_the_journal_of_a_killed_server_are_known_to_an_import()
    {
        using var folder = new TemporaryFolder();
        using var storage = await OddRoomAsync();
        await storage.Log.AppendAsync("Odd", [Said("in the journal", "late")], default);
        (await RunAsync(storage.Folder, "backup", Path.Combine(folder.Path, "chat.db"))).ShouldSucceed();
        var exported = (await RunAsync(storage.Folder, "export", "Odd")).Output;

        var import = await FeedAsync(exported, folder.Path, "import", "-", "--as", "copy");
        import.ShouldSucceed().Output.Should().Contain("6 of them without their ids");
        (await RunAsync(folder.Path, "check")).ShouldSucceed();
    }

    [TestCase(0, "\"version\":1", "\"version\":2", "line 1: it is of version 2")]
    [TestCase(0, "\"type\":\"export\"", "\"type\":\"message\"", "line 1: its type is \"message\"")]
    [TestCase(0, "\"first\":3", "\"first\":0", "line 1: no log goes from 0 to 9")]
    [TestCase(0, "\"room\":\"Odd\"", "\"room\":\"no room\"", "line 1: a room's name has")]
    [TestCase(0, "\"private\":false", "\"private\":1", "line 1: its \"private\" is not true or false")]
    [TestCase(0, "\"epoch\"", "\"era\"", "line 1: its \"epoch\" is missing")]
    [TestCase(0, "\"last\":9", "\"last\":10", "line 9: the file ends before event 10")]
    [TestCase(0, "\"last\":9", "\"last\":8", "line 8: its seq is 9, and the log ends at 8")]
    [TestCase(0, "\"topic\":\"\"", "\"topic\":\"x\"", "line 7: this topic is not the one of the first line")]
    [TestCase(2, "\"seq\":4", "\"seq\":5", "line 3: its seq is 5, and 4 follows")]
    [TestCase(2, "{\"type\"", "{\"type", "line 3: it is not a JSON object")]
    [TestCase(2, "{\"type\"", "[\"type\"", "line 3: it is not a JSON object")]
    [TestCase(2, "\"type\":\"message\"", "\"type\":\"edited\"", "line 3: its type is \"edited\", and this server knows message, topic")]
    [TestCase(2, "\"text\":", "\"texts\":", "line 3: its \"text\" is missing")]
    [TestCase(2, "\"text\":", "\"files\":[],\"text\":", "line 3: this server does not know the field \"files\"")]
    [TestCase(2, "\"text\":\"42", "\"text\":\"\\ud83d", "line 3: its \"text\" is no text, or not UTF-8")]
    [TestCase(2, "\"seq\":4", "\"seq\":4,\"seq\":4", "line 3: it is not a JSON object")]
    [TestCase(2, "\"at\":\"2", "\"at\":\"", "line 3: its \"at\" is no time like")]
    [TestCase(2, "\"user\":\"bob\"", "\"user\":\"\"", "line 3: its user is empty")]
    [TestCase(4, "\"reply\":3", "\"reply\":0", "line 5: it is a reply to 0")]
    [TestCase(4, "\"reply\":3", "\"reply\":1.5", "line 5: its \"reply\" is no whole number")]
    [TestCase(3, "\"id\":\"i42\"", "\"id\":\"s42\"", "line 4: its author has used the id \"s42\" on a line before it")]
    public async Task What_is_wrong_is_told_with_its_line_and_nothing_is_imported(int line, string was, string becomes, string part)
    {
        using var source = await OddRoomAsync();
        using var target = new TemporaryFolder();
        var lines = (await RunAsync(source.Folder, "export", "odd")).Output.Split('\n');
        lines[line].Should().Contain(was);
        lines[line] = lines[line].Replace(was, becomes, StringComparison.Ordinal);

        (await FeedAsync(string.Join('\n', lines), target.Path, "import", "-")).ShouldFail($"import: {part}");
        if (File.Exists(Path.Combine(target.Path, "chat.db")))
            (await RunAsync(target.Path, "check")).ShouldSucceed().Output.Should().StartWith("Sound: 0 rooms, 0 events");
    }

    [Test]
    public async Task Nothing_is_imported_beside_a_server()
    {
        using var storage = await OddRoomAsync();
        var exported = (await RunAsync(storage.Folder, "export", "odd")).Output;
        (await FeedAsync(exported, storage.Folder, "import", "-", "--as", "b")).ShouldFail($"import: another server uses the folder \"{storage.Folder}\"; end it first");
    }

    [Test]
    public async Task What_cannot_be_exported_or_read_is_told_in_one_line()
    {
        using var storage = await OddRoomAsync();
        await storage.Log.OpenAsync("lobby", default);
        (await RunAsync(storage.Folder, "export", "loby")).ShouldFail("export: there is no room \"loby\"; did you mean \"lobby\"?");
        (await RunAsync(storage.Folder, "export", "elsewhere")).ShouldFail("export: there is no room \"elsewhere\"");
        (await RunAsync(storage.Folder, "export", "odd", "--output", Path.Combine(storage.Folder, "chat.db"))).ShouldFail("is there already");
        (await RunAsync(storage.Folder, "import", Path.Combine(storage.Folder, "none"))).ShouldFail("import: ");
        (await RunAsync(storage.Folder, "import", storage.Folder)).ShouldFail("cannot be read");
        (await FeedAsync("", storage.Folder, "import", "-")).ShouldFail("import: line 1: the file is empty");
        (await FeedAsync("", storage.Folder, "import", "-", "--as", "no room")).ShouldFail("import: --as: a room's name has");
    }

    [Test]
    public async Task A_damaged_log_is_not_exported_as_if_it_were_whole()
    {
        using var storage = await OddRoomAsync();
        using var folder = new TemporaryFolder();
        storage.Storage.Dispose();
        using (var cut = new Surgery(storage.Folder))
            cut.ChangeEvent(1, 5, _ => null);
        var file = Path.Combine(folder.Path, "odd.ndjson");
        (await RunAsync(storage.Folder, "export", "odd", "--output", file)).ShouldFail("export: event 5 of \"Odd\" is missing or cannot be read; check tells more");
        Directory.GetFiles(folder.Path).Should().BeEmpty();
    }

    // 48 MB of text pass through a process whose heap may not grow beyond 32.
    [Test]
    public async Task A_log_larger_than_the_memory_is_exported_checked_and_imported()
    {
        using var storage = new OpenStorage();
        using var target = new TemporaryFolder();
        await storage.Log.OpenAsync("big", default);
        for (var batch = 0; batch < 12; batch++)
            await storage.Log.AppendAsync("big", [.. Enumerable.Range(0, 1_000).Select(i => Said(new string('x', 4_000), $"s{batch}-{i}"))], default);
        storage.Storage.Dispose();

        var file = Path.Combine(target.Path, "big.ndjson");
        foreach (var words in (string[][])[["export", "big", "--output", file], ["check"], ["import", file, "--Data:Path", target.Path]])
        {
            var (exitCode, _, error) = await ServerProcess.RunToEndAsync(["--Data:Path", storage.Folder, .. words], ("DOTNET_GCHeapHardLimit", "2000000"));
            error.Should().BeEmpty();
            exitCode.Should().Be(0);
        }

        new FileInfo(file).Length.Should().BeGreaterThan(48_000_000);
        (await RunAsync(target.Path, "check")).ShouldSucceed().Output.Should().Contain("12000 events");
    }

    private static async Task<OpenStorage> OddRoomAsync()
    {
        var storage = new OpenStorage();
        await storage.Catalog.TryCreateRoomAsync(new StoredRoom("Odd", "", "u1", false), default);
        await storage.Log.AppendAsync("Odd", Odd, default);
        storage.Reopen(keepEvents: Odd.Length - 2);
        await Retention.TrimAsync(storage.Storage, keepDays: 0, NullLogger.Instance, default);
        storage.Reopen(keepEvents: 0);
        return storage;
    }

    private static JsonObject Head(string exported) => JsonNode.Parse(exported.Split('\n')[0])!.AsObject();

    private static string Body(string exported) => exported[exported.IndexOf('\n', StringComparison.Ordinal)..];
}
