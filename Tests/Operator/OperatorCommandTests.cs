using RawSocketChat.Server.Operator;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Operator.OperatorRunner;

namespace RawSocketChat.Tests.Operator;

/// <summary>The command line of the server's executable: commands, settings, and how a mistake is told.</summary>
public sealed class OperatorCommandTests
{
    [TestCase("--help")]
    [TestCase("-h")]
    [TestCase("help")]
    public async Task Help_lists_the_commands_the_settings_and_the_exit_codes(string word)
    {
        var help = (await RunAsync("/nowhere", word)).ShouldSucceed().Output;
        foreach (var part in (string[])["backup <FILE>", "check", "export <ROOM>", "import <FILE>", "--urls", "--RawTcp:Port", "--Data:Path", "RSC_Data__Path", "Exit codes:"])
            help.Should().Contain(part);
    }

    [TestCase("help", "import")]
    [TestCase("import", "--help")]
    public async Task Help_tells_about_one_command(string word, string other) =>
        (await RunAsync("/nowhere", word, other)).ShouldSucceed().Output.Should().Contain("--as").And.NotContain("export <ROOM>");

    [Test]
    public async Task The_version_is_that_of_the_welcome() =>
        (await RunAsync("/nowhere", "--version")).ShouldSucceed().Output.Should().Be("RawSocketChat 0.1.0\n");

    [TestCase("backpu", "there is no command \"backpu\"; did you mean \"backup\"?")]
    [TestCase("Exports", "there is no command \"Exports\"; did you mean \"export\"?")]
    [TestCase("serve", "there is no command \"serve\"; --help lists them")]
    [TestCase("help backpu", "did you mean \"backup\"?")]
    [TestCase("backup", "backup: ")]
    [TestCase("backup a b", "backup: ")]
    [TestCase("export lobby --outptu x", "export: ")]
    [TestCase("import x --as", "import: ")]
    [TestCase("import x --Limits:TextLenght 5", "did you mean --Limits:TextLength?")]
    public async Task A_mistake_gets_one_line(string words, string part)
    {
        using var folder = new TemporaryFolder();
        (await RunAsync(folder.Path, words.Split(' '))).ShouldFail(part);
    }

    [TestCase("")]
    [TestCase("--urls http://localhost:1")]
    [TestCase("--urls=http://localhost:1 --Data:Path backup")]
    [TestCase("/urls backup")]
    [TestCase("urls=http://localhost:1 Data:Path=check")]
    [TestCase("--Data:Path --help")]
    public void Settings_alone_start_the_server(string args) => CommandArguments.Find(args.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Should().BeNull();

    [TestCase("--Data:Path d export lobby --output f", "--Data:Path d", "export lobby --output f")]
    [TestCase("export --output f lobby --Data:Path d", "--Data:Path d", "export --output f lobby")]
    [TestCase("--urls x check --Data:Path=d --Data:KeepDays 5", "--urls x --Data:Path=d --Data:KeepDays 5", "check")]
    [TestCase("backup /a/b=c:d", "", "backup /a/b=c:d")]
    public void Settings_may_stand_anywhere(string args, string settings, string words)
    {
        var found = CommandArguments.Find(args.Split(' '))!;
        string.Join(' ', found.Settings).Should().Be(settings);
        string.Join(' ', found.Words).Should().Be(words);
    }

    [Test]
    public async Task The_executable_takes_commands_and_the_environment()
    {
        using var storage = await FilledAsync();
        var (exitCode, output, error) = await ServerProcess.RunToEndAsync(["--Data:Path", storage.Folder, "check"]);
        (exitCode, output, error).Should().Be((0, "Sound: 2 rooms, 1551 events, 1 account\n", ""));
        (exitCode, _, error) = await ServerProcess.RunToEndAsync(["chekc"]);
        (exitCode, error).Should().Be((1, "there is no command \"chekc\"; did you mean \"check\"?\n"));
        (exitCode, _, error) = await ServerProcess.RunToEndAsync(["check"], ("RSC_Data__KeepDays", "many"));
        (exitCode, error.Split(':')[0]).Should().Be((2, "check"));
    }

    [Test]
    public async Task A_terminal_shows_how_far_it_is_and_the_output_stays_clean()
    {
        using var storage = await FilledAsync();
        using var folder = new TemporaryFolder();
        var (file, program) = (Path.Combine(folder.Path, "out"), $"dotnet {typeof(Server.Program).Assembly.Location} --Data:Path {storage.Folder}");

        await using var export = Terminal.RunInteractively($"env TERM=xterm {program} export lobby > {file}");
        (await export.ExitAsync()).Should().Be(0);
        await export.ExpectAsync("exporting lobby");
        await export.ExpectAsync("100%");
        (await File.ReadAllLinesAsync(file)).Should().HaveCount(1502).And.OnlyContain(line => line.StartsWith('{') && line.EndsWith('}'));

        await using var backup = Terminal.RunInteractively($"env TERM=xterm {program} backup {file}.db");
        (await backup.ExitAsync()).Should().Be(0);
        await backup.ExpectAsync("copying");
        await backup.ExpectAsync("Backed up ");

        await using var shown = Terminal.RunInteractively($"env TERM=dumb {program} export Garden");
        (await shown.ExitAsync()).Should().Be(0);
        await Patience.UntilAsync(() => shown.Lines.Count(line => line.Length > 0) >= 51, "the log");
        shown.Lines.Where(line => line.Length > 0).Should().HaveCount(51).And.OnlyContain(line => line.StartsWith('{'));
    }

    // What is written for nobody is not written.
    [Test]
    public async Task An_export_ends_when_its_reader_does()
    {
        using var storage = await FilledAsync();
        await using var export = Terminal.Run("bash", "-c", $"dotnet {typeof(Server.Program).Assembly.Location} --Data:Path {storage.Folder} export lobby | true; exit ${{PIPESTATUS[0]}}");
        (await export.ExitAsync()).Should().Be(1);
        export.Lines.Where(line => line.Length > 0).Should().ContainSingle().Which.Should().StartWith("export: ");
    }
}
