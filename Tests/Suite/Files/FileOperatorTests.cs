using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Operator.OperatorRunner;

namespace RawSocketChat.Tests.Files;

/// <summary>The operator commands also process the contents of uploaded files.</summary>
[Category(Categories.Slow)] // runs the operator commands on data folders
[Parallelizable(ParallelScope.Self)]
public sealed class FileOperatorTests
{
    private static readonly byte[] Large = TestContents.Random(2_500_000, seed: 1);
    private static readonly byte[] Small = TestContents.Text("small");

    private TemporaryFolder _folder = null!;
    private string _token = "";
    private AttachedFile _large = null!;
    private AttachedFile _small = null!;

    [SetUp]
    public async Task CreateFolder()
    {
        _folder = new TemporaryFolder();
        await using var server = await ServerUnderTest.StartAsync("--Data:Path", _folder.Path);
        using var ann = await FileClient.JoinAsync(server.HttpPort);
        ann.Http.Token = _token = (await ann.SendAsync<WelcomeFrame>("""{"type":"register","name":"ann","password":"correct horse battery"}""")).Session;
        (_large, _small) = (await ann.UploadAsync(Large, "large.bin"), await ann.UploadAsync(Small, "small.txt"));
        await ann.UploadAsync([]);
        await ann.SayAsync("look", _large, _small);
        await ann.SayAsync("", _large);
        using var bob = await FileClient.JoinAsync(server.HttpPort, "bob");
        await bob.SayAsync("mine", await bob.UploadAsync(Small, "mine.txt"));
    }

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public async Task Backup_is_one_file_that_restores_all_contents()
    {
        var backup = Path.Combine(_folder.Path, "backup.db");
        (await RunAsync(_folder.Path, "backup", backup)).ShouldSucceed();
        using var other = new TemporaryFolder();
        (await RunAsync(other.Path, "restore", backup)).ShouldSucceed();
        new FileInfo(Path.Combine(other.Path, "chat.db")).Length.Should().BeLessThan(Large.Length, "the restored database does not keep the contents");
        await ShouldHaveFilesAsync(other.Path);
        (await RunAsync(other.Path, "check")).ShouldSucceed().Output.Should().Be("No damage: 1 room, 3 events, 1 account, 4 files\n");
    }

    [Test]
    public async Task Server_starts_with_a_backup_that_was_copied_into_its_folder()
    {
        using var other = new TemporaryFolder();
        (await RunAsync(_folder.Path, "backup", Path.Combine(other.Path, "chat.db"))).ShouldSucceed();
        await ShouldHaveFilesAsync(other.Path);
    }

    [Test]
    public async Task Restore_command_keeps_the_old_files_next_to_the_old_database()
    {
        var backup = Path.Combine(_folder.Path, "backup.db");
        (await RunAsync(_folder.Path, "backup", backup)).ShouldSucceed();
        await using (var server = await ServerUnderTest.StartAsync("--Data:Path", _folder.Path))
        {
            using var ann = await FileClient.JoinAsync(server.HttpPort);
            await ann.SayAsync("later", await ann.UploadAsync(TestContents.Text("later")));
        }

        (await RunAsync(_folder.Path, "restore", backup)).ShouldSucceed();
        await ShouldHaveFilesAsync(_folder.Path);
        StoredContents.ListContents(ContentFolder.Of(_folder.Path).Path).Should().HaveCount(3);
        var replaced = Directory.GetDirectories(_folder.Path, "chat-before-restore-*-files").Should().ContainSingle().Subject;
        StoredContents.ListContents(replaced).Should().HaveCount(4);
    }

    [Test]
    public async Task Backup_of_a_running_server_has_the_files_of_its_messages()
    {
        using var other = new TemporaryFolder();
        await using (var server = await ServerUnderTest.StartAsync("--Data:Path", _folder.Path))
            (await RunAsync(_folder.Path, "backup", Path.Combine(other.Path, "chat.db"))).ShouldSucceed();
        await ShouldHaveFilesAsync(other.Path);
    }

    [Test]
    public async Task Backup_says_which_contents_it_could_not_copy()
    {
        File.Delete(GetPath(Large));
        var backup = Path.Combine(_folder.Path, "backup.db");
        var outcome = await RunAsync(_folder.Path, "backup", backup);
        outcome.ExitCode.Should().Be(1);
        outcome.Lines[1].Should().Contain("does not have 1 file");
        File.Exists(backup).Should().BeTrue();
    }

    [Test]
    public async Task Check_command_finds_missing_and_damaged_contents_and_missing_rows()
    {
        (await RunAsync(_folder.Path, "check")).ShouldSucceed().Output.Should().Be("No damage: 1 room, 3 events, 1 account, 4 files\n");
        File.Delete(GetPath([]));
        using (var damaged = new FileStream(GetPath(Large), FileMode.Open))
            damaged.WriteByte(0xEE);
        await File.AppendAllTextAsync(GetPath(Small), "x");
        Execute(_folder.Path, $"PRAGMA foreign_keys = OFF; DROP TRIGGER message_file_removed; DELETE FROM message_files WHERE seq = 2");
        var outcome = await RunAsync(_folder.Path, "check");
        outcome.ExitCode.Should().Be(1);
        outcome.Output.Should().Contain($"the content is damaged").And.Contain("the content is missing").And.Contain("has 6 bytes instead of 5")
            .And.Contain($"event 2: the file {_large.Id} does not exist").And.Contain("4 errors");
    }

    [Test]
    public async Task Erase_command_removes_the_files_of_the_user()
    {
        (await RunAsync(_folder.Path, "erase", "--user", "ann")).ShouldSucceed();
        StoredContents.ListContents(ContentFolder.Of(_folder.Path).Path).Should().ContainSingle("bob has a file with the same content");
        (await RunAsync(_folder.Path, "check")).ShouldSucceed().Output.Should().Contain("1 file\n");
        await using var server = await ServerUnderTest.StartAsync("--Data:Path", _folder.Path);
        using var carol = await FileClient.JoinAsync(server.HttpPort);
        (await carol.ReadHistoryAsync()).Select(message => message.Files?.Count ?? 0).Should().Equal(0, 0, 1);
        (await carol.GetStatusAsync(_large)).Should().Be(404);
    }

    [Test]
    public async Task Remove_room_command_keeps_only_files_that_were_never_posted()
    {
        (await RunAsync(_folder.Path, "remove-room", "lobby")).ShouldSucceed();
        StoredContents.ListContents(ContentFolder.Of(_folder.Path).Path).Should().ContainSingle("the empty file was never posted");
    }

    [Test]
    public async Task Imported_message_has_the_files_of_the_data_folder_and_its_text_names_missing_files()
    {
        var export = Path.Combine(_folder.Path, "lobby.jsonl");
        (await RunAsync(_folder.Path, "export", "lobby", "--output", export)).ShouldSucceed();
        (await File.ReadAllTextAsync(export)).Should().Contain($$"""{"id":"{{_large.Id}}","name":"large.bin","type":"application/octet-stream","bytes":2500000}""");
        (await RunAsync(_folder.Path, "import", export, "--as", "copy")).ShouldSucceed().Output.Should().NotContain("without files");
        using var other = new TemporaryFolder();
        (await RunAsync(other.Path, "import", export, "--as", "garden")).ShouldSucceed().Output.Should().Contain("3 of them were imported without files");
        (await RunAsync(other.Path, "check")).ShouldSucceed();

        await using var server = await ServerUnderTest.StartAsync("--Data:Path", _folder.Path);
        using var carol = await FileClient.JoinAsync(server.HttpPort, room: "copy");
        (await carol.ReadHistoryAsync("copy")).Select(message => message.Files?.Count).Should().Equal(2, 1, 1);
        (await carol.DownloadAsync(_large)).Bytes.Should().Equal(Large);

        await using var imported = await ServerUnderTest.StartAsync("--Data:Path", other.Path);
        using var dave = await FileClient.JoinAsync(imported.HttpPort, room: "garden");
        (await dave.ReadHistoryAsync("garden")).Select(message => message.Text).Should().Equal("look\n[file: large.bin]\n[file: small.txt]", "[file: large.bin]", "mine\n[file: mine.txt]");
    }

    [Test]
    public async Task Retention_removes_files_with_their_messages()
    {
        await using var server = await ServerUnderTest.StartAsync("--Data:Path", _folder.Path, "--Data:KeepEvents", "1");
        await TestWait.UntilAsync(() => server.ListContents().Length == 2, () => string.Join('\n', server.ListContents()));
        (await server.Services.GetRequiredService<IFileStore>().FindAsync(_large.Id, default)).Should().BeNull();
    }

    private string GetPath(byte[] content) => ContentFolder.Of(_folder.Path).GetPath(Convert.ToHexStringLower(SHA256.HashData(content)));

    private async Task ShouldHaveFilesAsync(string folder)
    {
        await using var server = await ServerUnderTest.StartAsync("--Data:Path", folder);
        using var ann = await FileClient.StartAsync(server.HttpPort);
        ann.Http.Token = _token;
        (await ann.DownloadAsync(_large)).Bytes.Should().Equal(Large);
        (await ann.DownloadAsync(_small)).Bytes.Should().Equal(Small);
        (await ann.SendAsync<JoinedFrame>("""{"type":"join","room":"lobby"}""")).Messages.Should().HaveCount(3);
    }
}
