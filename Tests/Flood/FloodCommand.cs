using System.CommandLine;
using System.Runtime.InteropServices;
using RawSocketChat.Tests.Flood.Compare;
using RawSocketChat.Tests.Flood.Goals;
using RawSocketChat.Tests.Flood.Output;
using Spectre.Console;

namespace RawSocketChat.Tests.Flood;

/// <summary>The command line of Flood. Runs a flood and returns the exit code. Every error is one line.</summary>
public static class FloodCommand
{
    private const string StandardOutput = "-";

    private const string Description = """
        Load tool for a RawSocketChat server. Opens many connections, publishes messages and checks every delivery.

        Every connection joins a room and checks every message: no message is lost, repeated, out of order or altered.
        Slow readers check this too, and so do connections that were cut, after they have reconnected. Messages follow
        a fixed schedule that never waits for the server: message i is due i/rate seconds after the start. Latency is
        measured from this scheduled time, so it shows every stall of the server.

        Start the server with --Limits:Enabled=false. Otherwise its rate limits reject messages.

        Exit codes:
          0  every message arrived once, in order and unaltered, and no --fail condition was met
          1  messages were lost, repeated, out of order, altered, rejected or never answered, or a connection was closed
          2  the options are wrong
          3  the tool could not open all connections
          4  a --fail condition was met (--find-max: no rate was sustained)
          5  the run is invalid: this tool was too slow, and its figures are not those of the server
         70  this tool has a fault; it prints the stack trace
        130  interrupted (Ctrl+C); all messages that were sent arrived, and the report covers them

        Examples (flood is: dotnet run -c Release --project Tests/Flood --):
          flood --connections 1000 --rate 100 --warm-up 2
          flood --transport ws:80,sse:20 --slow 10 --churn 5 --seed 7
          flood --seconds 60 --fail 'delivery.p99>50ms' --fail 'deliveries-per-second<90000' --json run.json
          flood --find-max --rate 100 --seconds 3 --fail 'delivery.p99>20ms'

        Metrics for --fail (times in us, ms or s; sizes in B, KB or MB; all others a plain number):
        {METRICS}

        Meaning of the metrics, format of --json, and how latency is measured: Tests/Flood/README.md
        """;

    /// <summary>
    /// Runs the command line <paramref name="args"/>. The first Ctrl+C stops publishing, and the report follows. The second Ctrl+C ends the
    /// process immediately.
    /// </summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancel)
    {
        using LossyOutput lossyOutput = new(output), lossyError = new(error);
        var exitCode = await RunAsync(args, lossyOutput, lossyError, cancel);
        // The exit code shows the result of the run even if its output could not be written.
        return lossyOutput.Problem is not { } problem ? exitCode : Fail(lossyError, $"can't write the output: {problem}", exitCode == FloodResult.Success ? FloodResult.BadOptions : exitCode);
    }

    private static async Task<int> RunAsync(string[] args, LossyOutput output, LossyOutput error, CancellationToken cancel)
    {
        var arguments = new FloodArguments();
        var command = new RootCommand(Description.Replace("{METRICS}", DescribeMetrics(), StringComparison.Ordinal));
        foreach (var option in arguments.All) command.Options.Add(option);
        command.Subcommands.Add(CompareCommand.Create(output, error, cancel));
        command.SetAction(async (parsedArguments, _) =>
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => StopOnFirstSignal(stop, signal));
            using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => StopOnFirstSignal(stop, signal));
            try
            {
                // If the JSON goes to standard output, all other output goes to standard error.
                var result = await RunAsync(arguments, parsedArguments, arguments.GetJsonFile(parsedArguments) == StandardOutput ? error : output, output, stop.Token);
                return result.Failure is null ? result.ExitCode : Fail(error, result.Failure, result.ExitCode);
            }
            catch (FloodException e)
            {
                return Fail(error, e.Message, e.ExitCode);
            }
        });

        var parsed = command.Parse(args);
        if (parsed.Errors.Count > 0)
            return Fail(error, ParseErrorText.Describe(parsed), FloodResult.BadOptions);
        var configuration = new InvocationConfiguration { Output = output, Error = error, ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false };
        try
        {
            return await parsed.InvokeAsync(configuration, CancellationToken.None);
        }
#pragma warning disable CA1031 // any exception is a fault of this tool, but exit code 1 would mean a fault of the server
        catch (Exception e)
        {
            return Fail(error, $"a fault of this tool, not of the server: {e}", FloodResult.InternalError);
        }
#pragma warning restore CA1031
    }

    // Lists the latency metrics and then the other metrics, in lines that fit a terminal.
    private static string DescribeMetrics()
    {
        var times = Metric.All.Where(metric => metric.Kind == MetricKind.Time).Select(metric => metric.Name.Split('.')[0]).Distinct();
        var others = Metric.All.Where(metric => metric.Kind != MetricKind.Time).Select(metric => metric.Name).Chunk(6).Select(line => $"  {string.Join(", ", line)}");
        return $"  .p50, .p90, .p99, .p999 and .max of {string.Join(", ", times)}\n{string.Join('\n', others)}";
    }

    private static async Task<FloodResult> RunAsync(FloodArguments arguments, ParseResult parsedArguments, LossyOutput output, LossyOutput json, CancellationToken cancel)
    {
        var options = arguments.ReadOptions(parsedArguments);
        if (arguments.GetJsonFile(parsedArguments) is { } path and not StandardOutput) CheckWritable(path);
        FloodResult result;
        JsonSearch? search = null;
        if (arguments.IsFindMax(parsedArguments))
        {
            var find = new MaxRateFinder((step, stop) => FloodRun.RunAsync(step, TextWriter.Null, stop), output);
            (search, result) = await find.RunAsync(options, cancel);
            if (search is { Rate: null }) result = result.WithNoRateFound();
        }
        else
        {
            using var hdr = arguments.GetHdrFile(parsedArguments) is { } hdrPath && options.FindProblem() is null ? new HdrLog(hdrPath, TimeProvider.System) : null;
            result = await FloodRun.RunAsync(options, output, CreateOutputs(output, arguments.IsQuiet(parsedArguments), hdr), cancel);
        }
        var report = JsonReport.Create(options, result, TimeProvider.System.GetUtcNow()) with { FindMax = search };
        if (arguments.GetJsonFile(parsedArguments) is StandardOutput) await json.WriteLineAsync($"{report}");
        else if (arguments.GetJsonFile(parsedArguments) is { } file) WriteReport(file, report, result.ExitCode);
        return result;
    }

    private static RunOutputs CreateOutputs(LossyOutput output, bool isQuiet, HdrLog? hdr)
    {
        if (isQuiet) return new RunOutputs(null, hdr);
        var isTerminal = output.IsTerminal && AnsiConsole.Profile.Capabilities.Ansi;
        return new RunOutputs(isTerminal ? new TerminalDisplay(AnsiConsole.Console) : new LineDisplay(output), hdr);
    }

    // Tests the file before the run, so that no result is lost.
    private static void CheckWritable(string path) => HandleWriteErrors(() =>
    {
        var isNew = !File.Exists(path);
        using (File.Open(path, FileMode.OpenOrCreate, FileAccess.Write)) { }
        if (isNew) File.Delete(path);
    });

    // The exit code shows the result of the run even if the file could not be written.
    private static void WriteReport(string path, JsonReport report, int exitCode) =>
        HandleWriteErrors(() => File.WriteAllText(path, $"{report}{Environment.NewLine}"), exitCode);

    private static void HandleWriteErrors(Action write, int exitCode = FloodResult.Success)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FloodException($"--json: {e.Message}", exitCode == FloodResult.Success ? FloodResult.BadOptions : exitCode);
        }
    }

    private static void StopOnFirstSignal(CancellationTokenSource stop, PosixSignalContext signal)
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
