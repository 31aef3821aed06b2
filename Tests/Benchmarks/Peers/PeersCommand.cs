using System.CommandLine;
using System.Runtime.InteropServices;
using RawSocketChat.Tests.Benchmarks.Peers.Processes;
using RawSocketChat.Tests.Benchmarks.Peers.Serving;

namespace RawSocketChat.Tests.Benchmarks.Peers;

/// <summary>Parses the command line, runs the comparison and returns the exit code.</summary>
internal static class PeersCommand
{
    public const int Success = 0;
    public const int PeerFailed = 1;
    public const int BadOptions = 2;
    public const int PeersMissing = 3;
    public const int Interrupted = 130;

    private const string CommandPrefix = "dotnet run -c Release --project Tests/Benchmarks/Peers";

    private const string Description = """
        Runs the same broadcast load against RawSocketChat and other servers on this machine, one server after another.

        Exit codes:
          0  all peers were measured, and no message was lost
          1  a peer could not be measured, or lost, repeated or reordered a message
          2  an option is wrong
          3  a peer is not installed (the last lines say how to install it); the others were measured
        130  interrupted (Ctrl+C)
        """;

    /// <summary>Runs the command. When this method returns, all processes that it has started have ended.</summary>
    public static Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancel)
    {
        var defaults = new PeersOptions();
        var peers = CreateOption("--peers", string.Join(',', defaults.Peers), "peers to compare, separated by commas; also rawsocketchat-full, rawsocketchat-account and rawsocketchat-kestrel");
        var rounds = CreateOption("--rounds", defaults.Rounds, "interleaved rounds; the report shows medians");
        var seconds = CreateOption("--seconds", defaults.Seconds, "duration of each measurement in each round");
        var warmUp = CreateOption("--warm-up", defaults.WarmUp, "seconds of load before the first measurement");
        var subscribers = CreateOption("--subscribers", defaults.Subscribers, "connections that receive every message");
        var rates = CreateOption("--rates", string.Join(',', defaults.Rates), "message rates per second, measured one by one, separated by commas");
        var window = CreateOption("--window", defaults.Window, "messages in flight when measuring the maximum rate");
        var idle = CreateOption("--idle", defaults.Idle, "idle connections for the memory measurement; 0 skips it");
        var settle = CreateOption("--settle", defaults.Settle, "seconds to wait before reading the memory");
        idle.Aliases.Add("--connections");
        var patience = CreateOption("--patience", defaults.Patience, "seconds without a delivery after which missing messages count as lost");
        var json = new Option<string?>("--json") { Description = "file for the results of every round" };
        var markdown = new Option<bool>("--markdown") { Description = "print the tables as Markdown" };
        var install = new Option<bool>("--install") { Description = "install missing packages with apt-get (as root)" };
        var command = new RootCommand(Description) { peers, rounds, seconds, warmUp, subscribers, rates, window, idle, settle, patience, json, markdown, install };
        command.Subcommands.Add(ServeCommand.Create());
        command.SetAction(async (parsed, _) =>
        {
            if (!TryParseNumbers(parsed.GetValue(rates)!, out var numbers))
                return Fail(error, "--rates must be a list of numbers");
            var options = new PeersOptions
            {
                Peers = parsed.GetValue(peers)!.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
                ArePeersDefault = parsed.GetResult(peers) is not { Implicit: false },
                Rounds = parsed.GetValue(rounds),
                Seconds = parsed.GetValue(seconds),
                WarmUp = parsed.GetValue(warmUp),
                Subscribers = parsed.GetValue(subscribers),
                Rates = numbers,
                Window = parsed.GetValue(window),
                Idle = parsed.GetValue(idle),
                Settle = parsed.GetValue(settle),
                Patience = parsed.GetValue(patience),
                Install = parsed.GetValue(install),
            };
            if (options.FindError() is { } fault)
                return Fail(error, fault);
            return await CompareAsync(options, parsed.GetValue(json), parsed.GetValue(markdown), $"{CommandPrefix}{(args.Length > 0 ? " -- " : "")}{string.Join(' ', args)}", output, error, cancel);
        });

        var invocation = command.Parse(args);
        return invocation.Errors.Count > 0
            ? Task.FromResult(Fail(error, $"{invocation.Errors[0].Message} (--help shows the options)"))
            : invocation.InvokeAsync(new InvocationConfiguration { Output = output, Error = error, ProcessTerminationTimeout = null }, CancellationToken.None);
    }

    private static async Task<int> CompareAsync(PeersOptions options, string? json, bool markdown, string command, TextWriter output, TextWriter error, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => OnSignal(stop, signal));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => OnSignal(stop, signal));
        try
        {
            var result = await new PeersRun(options, PeerCatalog.All, error, stop.Token).RunAsync();
            PeersReport.Write(output, result, command, markdown);
            if (json is not null)
                await File.WriteAllTextAsync(json, result.ToJson(), CancellationToken.None);
            return result.ExitCode;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await error.WriteLineAsync("peers: interrupted");
            return Interrupted;
        }
    }

    // Cancels the run. The run then ends all processes that it has started.
    private static void OnSignal(CancellationTokenSource stop, PosixSignalContext signal)
    {
        signal.Cancel = true;
        stop.Cancel();
    }

    private static Option<T> CreateOption<T>(string name, T defaultValue, string description) =>
        new(name) { Description = description, DefaultValueFactory = _ => defaultValue };

    private static bool TryParseNumbers(string list, out List<double> numbers)
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
