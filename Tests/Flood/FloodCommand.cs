using System.CommandLine;
using System.Runtime.InteropServices;
using RawSocketChat.Tests.Flood.Compare;
using RawSocketChat.Tests.Flood.Goals;
using RawSocketChat.Tests.Flood.Output;
using Spectre.Console;

namespace RawSocketChat.Tests.Flood;

/// <summary>The command line: options in, one exit code out. Everything that is wrong with it is said in one line.</summary>
public static class FloodCommand
{
    private const string ToOutput = "-";

    private const string Description = """
        Floods rooms of a RawSocketChat server and checks what comes out of them.

        Every connection joins a room and checks every message: none lost, none repeated, none out of order, each with
        the text that was said, across whatever cuts and slow readers there are. Messages leave by a fixed schedule
        (message i is due i/rate seconds after the start) that never waits for the server, and latency counts from when
        a message was due: a server that stalls can't hide it.

        Start the server with --Limits:Enabled=false, or it refuses what is over a person's rate.

        Exit codes:
          0  everything arrived, once and in order, and as --fail demands
          1  something was lost, repeated, out of order, altered, refused or never answered, or a connection was closed
          2  the options are wrong
          3  could not connect
          4  a condition of --fail was met (--find-max: no rate holds)
          5  the run is invalid: the generator itself was late, and its figures are not the server's
         70  the flood itself has a fault, which is told with where it is
        130  interrupted (Ctrl+C); what was sent till then arrived, and is summed up

        Examples (flood is: dotnet run -c Release --project Tests/Flood --):
          flood --connections 1000 --rate 100 --warm-up 2
          flood --way ws:80,sse:20 --slow 10 --churn 5 --seed 7
          flood --seconds 60 --fail 'delivery.p99>50ms' --fail 'deliveries-per-second<90000' --json run.json
          flood --find-max --rate 100 --seconds 3 --fail 'delivery.p99>20ms'

        Metrics for --fail (times in us, ms or s; sizes in B, KB or MB; a bare number else):
        {METRICS}

        What each means, the form of --json and what to look out for: Tests/Flood/README.md
        """;

    /// <summary>Runs the flood that <paramref name="args"/> ask for. Ctrl+C ends it with its summary, a second one at once.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancel)
    {
        using LossyOutput told = new(output), complained = new(error);
        var exitCode = await RunAsync(args, told, complained, cancel);
        // What was found is told by the exit code all the same.
        return told.Problem is not { } problem ? exitCode : Fail(complained, $"the output: {problem}", exitCode == FloodResult.Fine ? FloodResult.BadOptions : exitCode);
    }

    private static async Task<int> RunAsync(string[] args, LossyOutput output, LossyOutput error, CancellationToken cancel)
    {
        var arguments = new FloodArguments();
        var command = new RootCommand(Description.Replace("{METRICS}", Metrics(), StringComparison.Ordinal));
        foreach (var option in arguments.All) command.Options.Add(option);
        command.Subcommands.Add(CompareCommand.Make(output, error, cancel));
        command.SetAction(async (given, _) =>
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => StopOnce(stop, signal));
            using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => StopOnce(stop, signal));
            try
            {
                // Where the JSON goes to the output, it is alone there.
                var result = await RunAsync(arguments, given, arguments.Json(given) == ToOutput ? error : output, output, stop.Token);
                return result.Failure is null ? result.ExitCode : Fail(error, result.Failure, result.ExitCode);
            }
            catch (FloodException e)
            {
                return Fail(error, e.Message, e.ExitCode);
            }
        });

        var parsed = command.Parse(args);
        if (parsed.Errors.Count > 0)
            return Fail(error, MistypedOption.In(parsed), FloodResult.BadOptions);
        var how = new InvocationConfiguration { Output = output, Error = error, ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false };
        try
        {
            return await parsed.InvokeAsync(how, CancellationToken.None);
        }
#pragma warning disable CA1031 // whatever it is: 1 says that the server is at fault, and this says that it is not
        catch (Exception e)
        {
            return Fail(error, $"a fault of the flood itself, not of the server: {e}", FloodResult.Broken);
        }
#pragma warning restore CA1031
    }

    // p50 to max of each, then the others, in lines of a terminal's width.
    private static string Metrics()
    {
        var times = Metric.All.Where(metric => metric.Kind == MetricKind.Time).Select(metric => metric.Name.Split('.')[0]).Distinct();
        var others = Metric.All.Where(metric => metric.Kind != MetricKind.Time).Select(metric => metric.Name).Chunk(6).Select(line => $"  {string.Join(", ", line)}");
        return $"  .p50, .p90, .p99, .p999 and .max of {string.Join(", ", times)}\n{string.Join('\n', others)}";
    }

    private static async Task<FloodResult> RunAsync(FloodArguments arguments, ParseResult given, LossyOutput output, LossyOutput json, CancellationToken cancel)
    {
        var options = arguments.Read(given);
        if (arguments.Json(given) is { } asked and not ToOutput) TryWriting(asked);
        FloodResult result;
        JsonSearch? search = null;
        if (arguments.IsFindMax(given))
        {
            var find = new FindMax((step, stop) => FloodRun.RunAsync(step, TextWriter.Null, stop), output);
            (search, result) = await find.RunAsync(options, cancel);
            if (search is { Rate: null }) result = result.WithoutRate();
        }
        else
        {
            using var hdr = arguments.Hdr(given) is { } path && options.Problem() is null ? new HdrLog(path, TimeProvider.System) : null;
            result = await FloodRun.RunAsync(options, output, OutputsFor(output, arguments.IsQuiet(given), hdr), cancel);
        }
        var report = JsonReport.Of(options, result, TimeProvider.System.GetUtcNow()) with { FindMax = search };
        if (arguments.Json(given) is ToOutput) await json.WriteLineAsync($"{report}");
        else if (arguments.Json(given) is { } file) Write(file, report, result.ExitCode);
        return result;
    }

    private static RunOutputs OutputsFor(LossyOutput output, bool isQuiet, HdrLog? hdr)
    {
        if (isQuiet) return new RunOutputs(null, hdr);
        var isTerminal = output.IsTerminal && AnsiConsole.Profile.Capabilities.Ansi;
        return new RunOutputs(isTerminal ? new TerminalDisplay(AnsiConsole.Console) : new LineDisplay(output), hdr);
    }

    // Before the run: who waited for it wants its result.
    private static void TryWriting(string path) => Written(() =>
    {
        var isNew = !File.Exists(path);
        using (File.Open(path, FileMode.OpenOrCreate, FileAccess.Write)) { }
        if (isNew) File.Delete(path);
    });

    // What the run found is told by its exit code all the same.
    private static void Write(string path, JsonReport report, int exitCode) =>
        Written(() => File.WriteAllText(path, $"{report}{Environment.NewLine}"), exitCode);

    private static void Written(Action write, int exitCode = FloodResult.Fine)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FloodException($"--json: {e.Message}", exitCode == FloodResult.Fine ? FloodResult.BadOptions : exitCode);
        }
    }

    private static void StopOnce(CancellationTokenSource stop, PosixSignalContext signal)
    {
        signal.Cancel = !stop.IsCancellationRequested;
        stop.Cancel();
    }

    private static int Fail(TextWriter error, string text, int exitCode)
    {
        error.WriteLine($"flood: {text}");
        return exitCode;
    }
}
