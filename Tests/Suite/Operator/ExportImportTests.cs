using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Tests.Storage;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Operator.OperatorRunner;

namespace RawSocketChat.Tests.Operator;

/// <summary><c>import</c> restores exactly what <c>export</c> wrote, and rejects input that is not a valid export.</summary>
[Category(Categories.Slow)] // runs the operator commands on databases
[Parallelizable(ParallelScope.Self)]
public sealed class ExportImportTests
{
    private static readonly NewEvent[] OddEvents =
    [
        CreateMessage("\U0001F600 e\u0301 \u202E \u2028 <b> \"quoted\" \\ \t\r\n"),
        CreateMessage("a NUL \0 and \u0001\u001f\u007f", "s\0\U0001F600"),
        CreateMessage("", "i-42"),
        CreateMessage("42 as a text", "s42", "bob"),
        CreateMessage("42 as a number", "i42", "bob"),
        CreateMessage("waves", "i42") with { Me = true, Reply = 3 },
        new(RoomEventKind.Topic, "u1", "bob", "be \u00e4 \0 kind", ClientId: "s43"),
        new(RoomEventKind.Topic, "u1", "r\u00f6b", ""),
        CreateMessage(new string('\u4e2d', 60_000)),
    ];

    [Test]
    public async Task Export_writes_events_as_protocol_frames()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 10, 2, 31, 123, TimeSpan.Zero));
        using var storage = new TestStorage(time);
        await storage.Catalog.CreateRoomAsync(new StoredRoom("Lobby", "Say hello", "u1", true), int.MaxValue, default);
        var epoch = (await storage.Log.OpenAsync("Lobby", default)).Epoch;
        await storage.Log.AppendAsync("Lobby", [CreateMessage("hi \u00e4 <b>", "s1"), CreateMessage("waves") with { Me = true, Reply = 1 }, new(RoomEventKind.Topic, "u1", "bob", "be kind")], default);

        var lines = (await RunAsync(storage.Folder, "export", "lobby")).ShouldSucceed().Lines;
        lines[0].Should().Be($$"""{"type":"export","version":1,"room":"Lobby","epoch":"{{epoch}}","topic":"be kind","owner":"u1","private":true,"first":1,"last":3,"at":"{{JsonNode.Parse(lines[0])!["at"]}}"}""");
        lines.Skip(1).Should().Equal(
            """{"type":"message","seq":1,"at":"2026-11-23T10:02:31.123Z","from":{"user":"ann","name":"ann"},"text":"hi ä <b>","id":"s1"}""",
            """{"type":"message","seq":2,"at":"2026-11-23T10:02:31.123Z","from":{"user":"ann","name":"ann"},"text":"waves","reply":1,"me":true}""",
            """{"type":"topic","seq":3,"at":"2026-11-23T10:02:31.123Z","from":{"user":"u1","name":"bob"},"text":"be kind"}""");
    }

    [TestCase(null)]
    [TestCase("another")]
    public async Task Import_restores_the_exported_room(string? name)
    {
        using var source = await CreateOddRoomAsync();
        using var target = new TestStorage();
        target.Storage.Dispose();
        var exported = (await RunAsync(source.Folder, "export", "odd")).ShouldSucceed().Output;

        (await RunWithInputAsync(exported, target.Folder, name is null ? ["import", "-"] : ["import", "-", "--as", name])).ShouldSucceed();

        var again = (await RunAsync(target.Folder, "export", name ?? "Odd")).ShouldSucceed().Output;
        GetEventLines(again).Should().Be(GetEventLines(exported));
        var (header, headerAgain) = (ParseHeader(exported), ParseHeader(again));
        ((string)headerAgain["room"]!).Should().Be(name ?? "Odd");
        ((string)headerAgain["epoch"]! == (string)header["epoch"]!).Should().Be(name is null, "a room with another name has another log");
        foreach (var field in (string[])["room", "epoch", "at"])
            headerAgain[field] = header[field]!.DeepClone();
        headerAgain.ToJsonString().Should().Be(header.ToJsonString());
        (await RunAsync(target.Folder, "check")).ShouldSucceed();

        target.Reopen();
        var log = await target.Log.OpenAsync(name ?? "Odd", default);
        log.Should().Match<RoomLogState>(state => state.First == 3 && state.Last == OddEvents.Length);
        (await target.Log.ReadAfterAsync(name ?? "Odd", 0, 100, int.MaxValue, default)).Select(found => found.Content).Should().Equal(OddEvents[2..].Select(content => content with { ClientId = null }));
        var repeat = (await target.Log.AppendAsync(name ?? "Odd", [CreateMessage("again", "i42", "bob"), CreateMessage("new", "i43", "bob")], default)).ToList();
        repeat[0].Should().Match<AppendResult>(entry => entry.IsDuplicate && entry.Seq == 5);
        repeat[1].Should().Match<AppendResult>(entry => !entry.IsDuplicate && entry.Seq == OddEvents.Length + 1);
    }

    [Test]
    public async Task Import_restores_edits_deletions_reactions_and_moderation()
    {
        using var source = new TestStorage();
        using var target = new TestStorage();
        target.Storage.Dispose();
        await source.Log.OpenAsync("room", default);
        await source.Log.AppendAsync(
            "room",
            [
                CreateMessage("replaced"),
                CreateMessage("secret"),
                new(RoomEventKind.Edited, "ann", "ann", "changed") { Of = 1, Mentions = ["u1", "here"] },
                new(RoomEventKind.Reacted, "u1", "bob", "") { Of = 1, Emoji = "👍" },
                new(RoomEventKind.Reacted, "ann", "ann", "") { Of = 1, Emoji = "👍" },
                new(RoomEventKind.Reacted, "ann", "ann", "") { Of = 1, Emoji = "👍", Off = true },
                new(RoomEventKind.Reacted, "ann", "ann", "") { Of = 2, Emoji = "👍" },
                new(RoomEventKind.Deleted, "ann", "ann", "") { Of = 2 },
                new(RoomEventKind.Moderated, "ann", "ann", "too loud") { Moderation = new ModerationDetails("mute", "u1", "bob", Seconds: 60) },
                new(RoomEventKind.Moderated, "ann", "ann", "") { Moderation = new ModerationDetails("role", "u1", "bob", Role: "moderator") },
            ],
            default);
        var exported = (await RunAsync(source.Folder, "export", "room")).ShouldSucceed().Output;
        exported.Should().NotContain("replaced").And.NotContain("secret");

        (await RunWithInputAsync(exported, target.Folder, "import", "-")).ShouldSucceed();

        (await RunAsync(target.Folder, "check")).ShouldSucceed();
        target.Reopen();
        var expected = await source.Log.ReadAfterAsync("room", 0, 100, int.MaxValue, default);
        (await target.Log.ReadAfterAsync("room", 0, 100, int.MaxValue, default)).Should().BeEquivalentTo(expected, options => options.WithStrictOrdering());
        expected[0].Reactions.Should().Equal(new StoredReaction("👍", "u1", "bob"));
    }

    [Test]
    public async Task Import_restores_a_room_whose_events_are_all_trimmed()
    {
        using var source = new TestStorage();
        await source.Log.OpenAsync("empty", default);
        source.Storage.Dispose();
        Execute(source.Folder, "UPDATE rooms SET first_seq = 8");
        using var target = new TemporaryFolder();
        var exported = (await RunAsync(source.Folder, "export", "empty")).ShouldSucceed().Output;
        (await RunWithInputAsync(exported, target.Path, "import", "-")).ShouldSucceed();
        (await RunAsync(target.Path, "export", "empty")).Output.Should().Contain("\"first\":8,\"last\":7,");
    }

    [Test]
    public async Task Original_room_keeps_its_client_ids_when_a_copy_is_imported()
    {
        using var storage = await CreateOddRoomAsync();
        var exported = (await RunAsync(storage.Folder, "export", "odd")).Output;
        storage.Storage.Dispose();
        (await RunWithInputAsync(exported, storage.Folder, "import", "-")).ShouldFail("import: a room \"Odd\" already exists; try: --as Odd-2");
        (await RunWithInputAsync(exported, storage.Folder, "import", "-", "--as", "oDD")).ShouldFail("already exists");

        var import = await RunWithInputAsync(exported, storage.Folder, "import", "-", "--as", "Odd-2");
        import.ShouldSucceed().Output.Should().Contain("5 of them were imported without their ids");
        (await RunAsync(storage.Folder, "check")).ShouldSucceed().Output.Should().Contain("2 rooms, 14 events");
        storage.Reopen();
        (await storage.Log.AppendAsync("Odd-2", [CreateMessage("again", "i42", "bob")], default))[0].Should().Match<AppendResult>(entry => entry.IsDuplicate && entry.Room == "Odd" && entry.Seq == 5);
    }

    [Test]
    public async Task Import_reports_both_the_lost_id_and_the_lost_file_of_an_event()
    {
        using var storage = await CreateOddRoomAsync();
        var exported = (await RunAsync(storage.Folder, "export", "odd")).Output;
        storage.Storage.Dispose();
        var withFile = exported.Replace("\"text\":\"42 as a text\"", "\"files\":[{\"id\":\"f1\",\"name\":\"a.bin\",\"type\":\"text/plain\",\"bytes\":1}],\"text\":\"42 as a text\"", StringComparison.Ordinal);
        var import = await RunWithInputAsync(withFile, storage.Folder, "import", "-", "--as", "Odd-2");
        import.ShouldSucceed().Output.Should().Contain("5 of them were imported without their ids").And.Contain("1 of them were imported without files");
    }

    [Test]
    public async Task Import_omits_client_ids_that_the_rooms_of_a_restored_backup_already_contain()
    {
        using var folder = new TemporaryFolder();
        using var storage = await CreateOddRoomAsync();
        await storage.Log.AppendAsync("Odd", [CreateMessage("one more", "late")], default);
        (await RunAsync(storage.Folder, "backup", Path.Combine(folder.Path, "chat.db"))).ShouldSucceed();
        var exported = (await RunAsync(storage.Folder, "export", "Odd")).Output;

        var import = await RunWithInputAsync(exported, folder.Path, "import", "-", "--as", "copy");
        import.ShouldSucceed().Output.Should().Contain("6 of them were imported without their ids");
        (await RunAsync(folder.Path, "check")).ShouldSucceed();
    }

    [TestCase(0, "\"version\":1", "\"version\":2", "line 1: the version is 2")]
    [TestCase(0, "\"type\":\"export\"", "\"type\":\"message\"", "line 1: the type is \"message\"")]
    [TestCase(0, "\"first\":3", "\"first\":0", "line 1: a log cannot have events 0 to 9")]
    [TestCase(0, "\"room\":\"Odd\"", "\"room\":\"no room\"", "line 1: a room's name has")]
    [TestCase(0, "\"private\":false", "\"private\":1", "line 1: \"private\" is not true or false")]
    [TestCase(0, "\"epoch\"", "\"era\"", "line 1: \"epoch\" is missing")]
    [TestCase(0, "\"last\":9", "\"last\":10", "line 9: the file ends before event 10")]
    [TestCase(0, "\"last\":9", "\"last\":8", "line 8: the seq is 9, but the log ends at 8")]
    [TestCase(0, "\"topic\":\"\"", "\"topic\":\"x\"", "line 7: this topic differs from the one in the first line")]
    [TestCase(2, "\"seq\":4", "\"seq\":5", "line 3: the seq is 5, but 4 is expected")]
    [TestCase(2, "{\"type\"", "{\"type", "line 3: the line is not a JSON object")]
    [TestCase(2, "{\"type\"", "[\"type\"", "line 3: the line is not a JSON object")]
    [TestCase(2, "\"type\":\"message\"", "\"type\":\"file\"", "line 3: the type is \"file\", but this server supports only message, topic, edited, deleted, reacted, moderated")]
    [TestCase(2, "\"text\":", "\"texts\":", "line 3: \"text\" is missing")]
    [TestCase(2, "\"text\":", "\"stickers\":[],\"text\":", "line 3: this version does not support the field \"stickers\"")]
    [TestCase(2, "\"text\":", "\"files\":[1],\"text\":", "line 3: \"files\" is not a list of objects")]
    [TestCase(2, "\"text\":", "\"files\":[{\"id\":\"1\",\"name\":\"a\",\"type\":\"b\",\"bytes\":-1}],\"text\":", "line 3: a file has an impossible size")]
    [TestCase(2, "\"text\":\"42", "\"text\":\"\\ud83d", "line 3: \"text\" is not a text, or not UTF-8")]
    [TestCase(2, "\"seq\":4", "\"seq\":4,\"seq\":4", "line 3: the line is not a JSON object")]
    [TestCase(2, "\"at\":\"2", "\"at\":\"", "line 3: \"at\" is not a time like")]
    [TestCase(2, "\"user\":\"bob\"", "\"user\":\"\"", "line 3: the user is empty")]
    [TestCase(4, "\"reply\":3", "\"reply\":0", "line 5: \"reply\" is 0, but")]
    [TestCase(4, "\"reply\":3", "\"reply\":1.5", "line 5: \"reply\" is not a whole number")]
    [TestCase(3, "\"id\":\"i42\"", "\"id\":\"s42\"", "line 4: the id \"s42\" of this author is used on an earlier line")]
    public async Task Import_names_the_line_of_an_error_and_imports_nothing(int line, string was, string becomes, string part)
    {
        using var source = await CreateOddRoomAsync();
        using var target = new TemporaryFolder();
        var lines = (await RunAsync(source.Folder, "export", "odd")).Output.Split('\n');
        lines[line].Should().Contain(was);
        lines[line] = lines[line].Replace(was, becomes, StringComparison.Ordinal);

        (await RunWithInputAsync(string.Join('\n', lines), target.Path, "import", "-")).ShouldFail($"import: {part}");
        if (File.Exists(Path.Combine(target.Path, "chat.db")))
            (await RunAsync(target.Path, "check")).ShouldSucceed().Output.Should().StartWith("No damage: 0 rooms, 0 events");
    }

    [Test]
    public async Task Import_fails_while_a_server_uses_the_folder()
    {
        using var storage = await CreateOddRoomAsync();
        var exported = (await RunAsync(storage.Folder, "export", "odd")).Output;
        (await RunWithInputAsync(exported, storage.Folder, "import", "-", "--as", "b")).ShouldFail($"import: another server uses the folder \"{storage.Folder}\"; stop it first");
    }

    [Test]
    public async Task Failed_export_or_import_prints_one_line()
    {
        using var storage = await CreateOddRoomAsync();
        await storage.Log.OpenAsync("lobby", default);
        (await RunAsync(storage.Folder, "export", "loby")).ShouldFail("export: there is no room \"loby\"; did you mean \"lobby\"?");
        (await RunAsync(storage.Folder, "export", "elsewhere")).ShouldFail("export: there is no room \"elsewhere\"");
        (await RunAsync(storage.Folder, "export", "odd", "--output", Path.Combine(storage.Folder, "chat.db"))).ShouldFail("already exists");
        (await RunAsync(storage.Folder, "import", Path.Combine(storage.Folder, "none"))).ShouldFail("import: ");
        (await RunAsync(storage.Folder, "import", storage.Folder)).ShouldFail("cannot be read");
        (await RunWithInputAsync("", storage.Folder, "import", "-")).ShouldFail("import: line 1: the file is empty");
        (await RunWithInputAsync("", storage.Folder, "import", "-", "--as", "no room")).ShouldFail("import: --as: a room's name has");
    }

    [Test]
    public async Task Export_of_a_damaged_log_fails()
    {
        using var storage = await CreateOddRoomAsync();
        using var folder = new TemporaryFolder();
        storage.Storage.Dispose();
        Execute(storage.Folder, "DELETE FROM events WHERE room = 1 AND seq = 5");
        var file = Path.Combine(folder.Path, "odd.ndjson");
        (await RunAsync(storage.Folder, "export", "odd", "--output", file)).ShouldFail("export: event 5 of \"Odd\" is missing or cannot be read; run the \"check\" command for details");
        Directory.GetFiles(folder.Path).Should().BeEmpty();
    }

    // The log has 48 MB of text, and each command runs in a process with a heap limit of 32 MB.
    [Test]
    public async Task Commands_handle_a_log_that_is_larger_than_the_heap()
    {
        using var storage = new TestStorage();
        using var target = new TemporaryFolder();
        await storage.Log.OpenAsync("big", default);
        for (var batch = 0; batch < 12; batch++)
            await storage.Log.AppendAsync("big", [.. Enumerable.Range(0, 1_000).Select(i => CreateMessage(new string('x', 4_000), $"s{batch}-{i}"))], default);
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

    private static async Task<TestStorage> CreateOddRoomAsync()
    {
        var storage = new TestStorage();
        await storage.Catalog.CreateRoomAsync(new StoredRoom("Odd", "", "u1", false), int.MaxValue, default);
        await storage.Log.AppendAsync("Odd", OddEvents, default);
        storage.Reopen(keepEvents: OddEvents.Length - 2);
        await Retention.TrimEventsAsync(storage.Storage, NullLogger.Instance, default);
        storage.Reopen(keepEvents: 0);
        return storage;
    }

    private static JsonObject ParseHeader(string exported) => JsonNode.Parse(exported.Split('\n')[0])!.AsObject();

    private static string GetEventLines(string exported) => exported[exported.IndexOf('\n', StringComparison.Ordinal)..];
}
