using System.CommandLine;
using System.Runtime.InteropServices;
using RawSocketChat.Tests.Benchmarks.Peers.Processes;
using RawSocketChat.Tests.Benchmarks.Peers.Serving;

namespace RawSocketChat.Tests.Benchmarks.Peers;

/// <summary>The command line: options in, tables and one exit code out.</summary>
internal static class PeersCommand
{
    public const int Fine = 0;
    public const int Faulty = 1;
    public const int BadOptions = 2;
    public const int PeersMissing = 3;
    public const int Interrupted = 130;

    private const string Project = "dotnet run -c Release --project Tests/Benchmarks/Peers";

    private const string Description = """
        The same fan-out load against RawSocketChat's server and what might be used instead, on this machine, in turns.

        Exit codes:
          0  all were measured, and nothing was lost
          1  a peer could not be measured, or lost, repeated or reordered something
          2  the options are wrong
          3  a peer is not installed (the last lines say how it is); the others were measured
        130  interrupted (Ctrl+C)
        """;

    /// <summary>Runs what <paramref name="args"/> ask for. Every process that it started has ended when it returns.</summary>
    public static Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancel)
    {
        var defaults = new PeersOptions();
        var peers = New("--peers", string.Join(',', defaults.Peers), "which are compared, separated by commas; also rawsocketchat-full and rawsocketchat-kestrel");
        var rounds = New("--rounds", defaults.Rounds, "rounds, interleaved; medians are told");
        var seconds = New("--seconds", defaults.Seconds, "how long each figure is measured in each round");
        var warmUp = New("--warm-up", defaults.WarmUp, "seconds of load before the first figure");
        var subscribers = New("--subscribers", defaults.Subscribers, "connections that get every message");
        var rates = New("--rates", string.Join(',', defaults.Rates), "messages a second, each measured on its own, separated by commas");
        var window = New("--window", defaults.Window, "messages under way at once where as many are sent as go");
        var idle = New("--idle", defaults.Idle, "idle connections by which memory is measured; 0 leaves it out");
        var settle = New("--settle", defaults.Settle, "seconds of rest before memory is looked at");
        idle.Aliases.Add("--connections");
        var patience = New("--patience", defaults.Patience, "seconds without a delivery until what is missing counts as lost");
        var json = new Option<string?>("--json") { Description = "a file for the result of every round" };
        var markdown = new Option<bool>("--markdown") { Description = "the tables as Markdown" };
        var install = new Option<bool>("--install") { Description = "install by apt-get what is missing (as root)" };
        var command = new RootCommand(Description) { peers, rounds, seconds, warmUp, subscribers, rates, window, idle, settle, patience, json, markdown, install };
        command.Subcommands.Add(ServeCommand.Make());
        command.SetAction(async (given, _) =>
        {
            if (!TryNumbers(given.GetValue(rates)!, out var numbers))
                return Fail(error, "--rates is a list of numbers");
            var options = new PeersOptions
            {
                Peers = given.GetValue(peers)!.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
                ArePeersDefault = given.GetResult(peers) is not { Implicit: false },
                Rounds = given.GetValue(rounds),
                Seconds = given.GetValue(seconds),
                WarmUp = given.GetValue(warmUp),
                Subscribers = given.GetValue(subscribers),
                Rates = numbers,
                Window = given.GetValue(window),
                Idle = given.GetValue(idle),
                Settle = given.GetValue(settle),
                Patience = given.GetValue(patience),
                Install = given.GetValue(install),
            };
            if (options.Problem() is { } problem)
                return Fail(error, problem);
            return await CompareAsync(options, given.GetValue(json), given.GetValue(markdown), $"{Project}{(args.Length > 0 ? " -- " : "")}{string.Join(' ', args)}", output, error, cancel);
        });

        var parsed = command.Parse(args);
        return parsed.Errors.Count > 0
            ? Task.FromResult(Fail(error, $"{parsed.Errors[0].Message} (--help shows the options)"))
            : parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = error, ProcessTerminationTimeout = null }, CancellationToken.None);
    }

    private static async Task<int> CompareAsync(PeersOptions options, string? json, bool markdown, string command, TextWriter output, TextWriter error, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Stop(stop, signal));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Stop(stop, signal));
        try
        {
            var result = await new PeersRun(options, Catalogue.All, error, stop.Token).RunAsync();
            PeersReport.Write(output, result, command, markdown);
            if (json is not null)
                await File.WriteAllTextAsync(json, result.Json(), CancellationToken.None);
            return result.ExitCode;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await error.WriteLineAsync("peers: interrupted");
            return Interrupted;
        }
    }

    // Every wait ends by this, and what was started ends on the way out.
    private static void Stop(CancellationTokenSource stop, PosixSignalContext signal)
    {
        signal.Cancel = true;
        stop.Cancel();
    }

    private static Option<T> New<T>(string name, T otherwise, string description) =>
        new(name) { Description = description, DefaultValueFactory = _ => otherwise };

    private static bool TryNumbers(string list, out List<double> numbers)
    {
        numbers = [];
        foreach (var one in list.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!double.TryParse(one, System.Globalization.CultureInfo.InvariantCulture, out var number))
                return false;
            numbers.Add(number);
        }

        return numbers.Count > 0;
    }

    private static int Fail(TextWriter error, string text)
    {
        error.WriteLine($"peers: {text}");
        return BadOptions;
    }
}
