using RawSocketChat.Server.Operator;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Operator.OperatorRunner;

namespace RawSocketChat.Tests.Operator;

/// <summary>The command line of the server's executable: commands, settings and error messages.</summary>
[Category(Categories.Slow)] // runs the operator commands on databases
[Parallelizable(ParallelScope.Self)]
public sealed class OperatorCommandTests
{
    [TestCase("--help")]
    [TestCase("-h")]
    [TestCase("help")]
    public async Task Help_lists_the_commands_and_the_settings_and_the_exit_codes(string word)
    {
        var help = (await RunAsync("/nowhere", word)).ShouldSucceed().Output;
        foreach (var part in (string[])["backup <FILE>", "check", "erase", "export <ROOM>", "import <FILE>", "remove-account <NAME>", "remove-room <ROOM>", "--urls", "--RawTcp:Port", "--Data:Path", "RSC_Data__Path", "Exit codes:"])
            help.Should().Contain(part);
    }

    [TestCase("help", "import")]
    [TestCase("import", "--help")]
    public async Task Help_describes_one_command(string word, string other) =>
        (await RunAsync("/nowhere", word, other)).ShouldSucceed().Output.Should().Contain("--as").And.NotContain("export <ROOM>");

    [Test]
    public async Task Version_option_prints_the_version_that_the_welcome_contains() =>
        (await RunAsync("/nowhere", "--version")).ShouldSucceed().Output.Should().Be("RawSocketChat 0.1.0\n");

    [TestCase("backpu", "there is no command \"backpu\"; did you mean \"backup\"?")]
    [TestCase("Exports", "there is no command \"Exports\"; did you mean \"export\"?")]
    [TestCase("serve", "there is no command \"serve\"; use --help to list them")]
    [TestCase("help backpu", "did you mean \"backup\"?")]
    [TestCase("backup", "backup: ")]
    [TestCase("backup a b", "backup: ")]
    [TestCase("export lobby --outptu x", "export: ")]
    [TestCase("import x --as", "import: ")]
    [TestCase("import x --Limits:TextLenght 5", "did you mean --Limits:TextLength?")]
    public async Task Mistyped_command_line_is_reported_in_one_line(string words, string part)
    {
        using var folder = new TemporaryFolder();
        (await RunAsync(folder.Path, words.Split(' '))).ShouldFail(part);
    }

    [TestCase("backup x", "backup: back up the PostgreSQL database with pg_dump or pg_basebackup")]
    [TestCase("restore x", "restore: restore the PostgreSQL database with pg_restore")]
    [TestCase("vacuum", "vacuum: PostgreSQL frees the space of removed data by itself (autovacuum)")]
    public async Task Unsupported_command_names_the_PostgreSQL_tool_to_use_instead(string words, string part)
    {
        using var folder = new TemporaryFolder();
        (await RunAsync(folder.Path, [.. words.Split(' '), "--Data:Postgres", "Host=localhost;Database=chat"])).ShouldFail(part);
        Directory.GetFileSystemEntries(folder.Path).Should().BeEmpty();
    }

    [TestCase("")]
    [TestCase("--urls http://localhost:1")]
    [TestCase("--urls=http://localhost:1 --Data:Path backup")]
    [TestCase("/urls backup")]
    [TestCase("urls=http://localhost:1 Data:Path=check")]
    [TestCase("--Data:Path --help")]
    public void Command_line_without_a_command_starts_the_server(string args) => CommandArguments.Parse(args.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Should().BeNull();

    [TestCase("--Data:Path d export lobby --output f", "--Data:Path d", "export lobby --output f")]
    [TestCase("export --output f lobby --Data:Path d", "--Data:Path d", "export --output f lobby")]
    [TestCase("--urls x check --Data:Path=d --Data:KeepDays 5", "--urls x --Data:Path=d --Data:KeepDays 5", "check")]
    [TestCase("backup /a/b=c:d", "", "backup /a/b=c:d")]
    public void Settings_may_be_before_or_after_the_command(string args, string settings, string words)
    {
        var found = CommandArguments.Parse(args.Split(' '))!;
        string.Join(' ', found.Settings).Should().Be(settings);
        string.Join(' ', found.Words).Should().Be(words);
    }

    [Test]
    public async Task Executable_runs_commands_with_settings_from_the_environment()
    {
        using var storage = await CreateFilledStorageAsync();
        var (exitCode, output, error) = await ServerProcess.RunToEndAsync(["--Data:Path", storage.Folder, "check"]);
        (exitCode, output, error).Should().Be((0, "No damage: 2 rooms, 1551 events, 1 account\n", ""));
        (exitCode, _, error) = await ServerProcess.RunToEndAsync(["chekc"]);
        (exitCode, error).Should().Be((1, "there is no command \"chekc\"; did you mean \"check\"?\n"));
        (exitCode, _, error) = await ServerProcess.RunToEndAsync(["check"], ("RSC_Data__KeepDays", "many"));
        (exitCode, error.Split(':')[0]).Should().Be((2, "check"));
    }

    [Test]
    public async Task Progress_is_shown_on_the_terminal_and_is_not_in_the_output()
    {
        using var storage = await CreateFilledStorageAsync();
        using var folder = new TemporaryFolder();
        var (file, program) = (Path.Combine(folder.Path, "out"), $"dotnet {typeof(Server.Program).Assembly.Location} --Data:Path {storage.Folder}");

        await using var export = Terminal.RunInteractively($"env TERM=xterm {program} export lobby > {file}");
        (await export.WaitForExitAsync()).Should().Be(0);
        await export.ExpectAsync("exporting lobby");
        await export.ExpectAsync("100%");
        (await File.ReadAllLinesAsync(file)).Should().HaveCount(1502).And.OnlyContain(line => line.StartsWith('{') && line.EndsWith('}'));

        await using var backup = Terminal.RunInteractively($"env TERM=xterm {program} backup {file}.db");
        (await backup.WaitForExitAsync()).Should().Be(0);
        await backup.ExpectAsync("copying");
        await backup.ExpectAsync("Backed up ");

        await using var shown = Terminal.RunInteractively($"env TERM=dumb {program} export Garden");
        (await shown.WaitForExitAsync()).Should().Be(0);
        await TestWait.UntilAsync(() => shown.Lines.Count(line => line.Length > 0) >= 51, "the exported lines");
        shown.Lines.Where(line => line.Length > 0).Should().HaveCount(51).And.OnlyContain(line => line.StartsWith('{'));
    }

    [Test]
    public async Task Export_stops_when_its_reader_closes_the_pipe()
    {
        using var storage = await CreateFilledStorageAsync();
        await using var export = Terminal.Run("bash", "-c", $"dotnet {typeof(Server.Program).Assembly.Location} --Data:Path {storage.Folder} export lobby | true; exit ${{PIPESTATUS[0]}}");
        (await export.WaitForExitAsync()).Should().Be(1);
        export.Lines.Where(line => line.Length > 0).Should().ContainSingle().Which.Should().StartWith("export: ");
    }
}
