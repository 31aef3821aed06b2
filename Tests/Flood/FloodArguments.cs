using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using RawSocketChat.Tests.Flood.Goals;
using RawSocketChat.Tests.Flood.Transports;

namespace RawSocketChat.Tests.Flood;

/// <summary>The options of the command line. Converts them to <see cref="FloodOptions"/>.</summary>
internal sealed class FloodArguments
{
    private const string FindMaxCondition = "delivery.p99>=100ms";
    private static readonly FloodOptions Defaults = new();
    private readonly Option<string> _url = CreateOption("--url", "URL", Defaults.Url.OriginalString, "address of the server's WebSocket; the HTTP transports use the same host and port");
    private readonly Option<int> _rawPort = CreateOption("--raw-port", "PORT", Defaults.RawPort, "raw TCP port on the same host, for tcp");
    private readonly Option<string?> _http2Url = CreateOption<string?>("--h2-url", "URL", null, "wss:// address of the server, for ws-h2");
    private readonly Option<string> _transport = CreateOption("--transport", "TRANSPORTS", "ws", $"the transport ({string.Join(", ", TransportMix.AllNames)}), or a mix in percent: ws:80,sse:20", "--way");
    private readonly Option<int> _connections = CreateOption("--connections", "N", Defaults.Connections, "number of connections; each one checks all messages of its room");
    private readonly Option<int> _ramp = CreateOption("--ramp", "N", Defaults.Ramp, "number of connections that the tool opens at the same time");
    private readonly Option<double> _rampRate = CreateOption("--ramp-rate", "N", Defaults.RampRate, "connections that are opened in a second; 0: as many as the server accepts");
    private readonly Option<string> _sources = CreateOption("--source-addresses", "ADDRESSES", "", "local addresses that the connections use in turn: 127.0.0.2-127.0.0.20, or a list; each has about 28,000 ports");
    private readonly Option<string> _room = CreateOption("--room", "ROOM", Defaults.Room, "the room; the tool creates it if it does not exist");
    private readonly Option<int> _rooms = CreateOption("--rooms", "N", Defaults.Rooms, "number of rooms (ROOM-1, ROOM-2, …); connections and messages are distributed over them");
    private readonly Option<int?> _publishers = CreateOption<int?>("--publishers", "N", null, "connections that publish, in turn [default: 10, or one for each room if that is more]");
    private readonly Option<double> _rate = CreateOption("--rate", "N", Defaults.Rate, "messages a second in all rooms together; 0 only keeps the connections open");
    private readonly Option<string> _textBytes = CreateOption("--text-bytes", "BYTES", $"{Defaults.TextBytes}", "size of a text in bytes, or a range of sizes such as 64-1024");
    private readonly Option<double> _seconds = CreateOption("--seconds", "SECONDS", Defaults.Seconds, "how long messages are published and measured");
    private readonly Option<double> _warmUp = CreateOption("--warm-up", "SECONDS", Defaults.WarmUp, "seconds of warm-up before --seconds; its messages are checked but not measured");
    private readonly Option<string?> _replay = CreateOption<string?>("--replay", "FILE", null, "publishes the messages of a file that `Server export ROOM` wrote, with the original pauses between them");
    private readonly Option<double> _speed = CreateOption("--speed", "TIMES", Defaults.Speed, "speed of --replay: 2 is twice as fast as the original");
    private readonly Option<double> _slow = CreateOption("--slow", "PERCENT", Defaults.Slow, "percent of the connections that read slowly; their latency is not measured");
    private readonly Option<double> _churn = CreateOption("--churn", "PERCENT", Defaults.Churn, "percent of the connections that are cut each second and then reconnect");
    private readonly Option<double> _pollInterval = CreateOption("--poll-interval", "SECONDS", Defaults.PollInterval, "seconds from an answer to the next request, for poll");
    private readonly Option<int?> _seed = CreateOption<int?>("--seed", "N", null, "selects the slow readers, the cuts and the text sizes [default: random; the report shows it]");
    private readonly Option<double> _patience = CreateOption("--patience", "SECONDS", Defaults.Patience, "counts missing messages as lost after this many seconds without a delivery; also the timeout to connect");
    private readonly Option<int?> _serverPid = CreateOption<int?>("--server-pid", "PID", null, "process id of the server, to read its CPU time and memory");
    private readonly Option<string[]> _fail = new("--fail") { HelpName = "CONDITION", Description = "fails the run if this condition is met, such as 'delivery.p99>50ms'; repeatable", AllowMultipleArgumentsPerToken = false };
    private readonly Option<bool> _findMax = new("--find-max") { Description = "searches for the highest rate that passes; starts at --rate and runs --seconds for each step [--fail default: '" + FindMaxCondition + "']" };
    private readonly Option<double> _maxLateness = CreateOption("--max-lateness", "MS", Defaults.MaxLateness, "maximum p99 of lateness (from the scheduled time of a message until sent), in ms; above it the run is invalid");
    private readonly Option<double> _maxLag = CreateOption("--max-lag", "MS", Defaults.MaxLag, "maximum p99 of lag (from the arrival of bytes until they are read), in ms; above it the run is invalid");
    private readonly Option<string?> _json = CreateOption<string?>("--json", "FILE", null, "writes the result to this file as JSON; - writes it to standard output, and everything else goes to standard error");
    private readonly Option<string?> _hdr = CreateOption<string?>("--hdr", "FILE", null, "writes all latencies to this file, as an HdrHistogram log (V2)");
    private readonly Option<bool> _quiet = new("--quiet") { Description = "shows nothing during the run, only the report" };
    private readonly Option<bool> _allowRemote = new("--allow-remote") { Description = "permits a server on another machine; use only your own server" };

    public IEnumerable<Option> All =>
    [
        _url, _rawPort, _http2Url, _transport, _connections, _ramp, _rampRate, _sources, _room, _rooms, _publishers, _rate, _textBytes, _seconds, _warmUp, _replay,
        _speed, _slow, _churn, _pollInterval, _seed, _patience, _serverPid, _fail, _findMax, _maxLateness, _maxLag, _json, _hdr, _quiet, _allowRemote,
    ];

    public bool IsFindMax(ParseResult parsed) => parsed.GetValue(_findMax);

    public bool IsQuiet(ParseResult parsed) => parsed.GetValue(_quiet);

    /// <summary>The file of <c>--json</c>, or - for standard output.</summary>
    public string? GetJsonFile(ParseResult parsed) => parsed.GetValue(_json);

    public string? GetHdrFile(ParseResult parsed) => parsed.GetValue(_hdr);

    /// <summary>Reads the options of a run.</summary>
    /// <exception cref="FloodException">An option is invalid.</exception>
    public FloodOptions ReadOptions(ParseResult parsed)
    {
        if (!Uri.TryCreate(parsed.GetValue(_url), UriKind.Absolute, out var address)) throw CreateError(FloodOptions.DescribeInvalidUrl(parsed.GetValue(_url)!));
        if (!TransportMix.TryParse(parsed.GetValue(_transport)!, out var transports, out var problem)) throw CreateError(problem!);
        var sources = SourceAddresses.Any;
        if (IsGiven(parsed, _sources) && !SourceAddresses.TryParse(parsed.GetValue(_sources)!, out sources, out problem)) throw CreateError(problem!);
        var (minBytes, maxBytes) = ParseSizes(parsed.GetValue(_textBytes)!);
        if (parsed.GetValue(_replay) is not null && (IsGiven(parsed, _rate) || IsGiven(parsed, _textBytes) || parsed.GetValue(_findMax)))
            throw CreateError("--replay has its own times and texts; it can't be combined with --rate, --text-bytes or --find-max");
        if (parsed.GetValue(_replay) is null && IsGiven(parsed, _speed)) throw CreateError("--speed needs --replay");
        if (parsed.GetValue(_findMax) && parsed.GetValue(_hdr) is not null) throw CreateError("--hdr can't be combined with --find-max, which runs several floods");
        if (parsed.GetValue(_http2Url) is { } h2 && !Uri.TryCreate(h2, UriKind.Absolute, out _)) throw CreateError($"--h2-url must be a wss:// address, such as wss://localhost:5443/ws (it is {h2})");
        var thresholds = ParseThresholds(parsed);
        return new FloodOptions
        {
            Url = address,
            RawPort = parsed.GetValue(_rawPort),
            Http2Url = parsed.GetValue(_http2Url) is { } http2 && Uri.TryCreate(http2, UriKind.Absolute, out var http2Url) ? http2Url : null,
            Transports = transports,
            Connections = parsed.GetValue(_connections),
            Ramp = parsed.GetValue(_ramp),
            RampRate = parsed.GetValue(_rampRate),
            Sources = sources,
            Room = parsed.GetValue(_room)!,
            Rooms = parsed.GetValue(_rooms),
            Publishers = parsed.GetValue(_publishers),
            Rate = parsed.GetValue(_rate),
            TextBytes = minBytes,
            MaxTextBytes = maxBytes,
            Seconds = parsed.GetValue(_seconds),
            WarmUp = parsed.GetValue(_warmUp),
            Replay = parsed.GetValue(_replay),
            ReplaySeconds = IsGiven(parsed, _seconds) ? parsed.GetValue(_seconds) : null,
            Speed = parsed.GetValue(_speed),
            Slow = parsed.GetValue(_slow),
            Churn = parsed.GetValue(_churn),
            PollInterval = parsed.GetValue(_pollInterval),
            Seed = parsed.GetValue(_seed) ?? Random.Shared.Next(1, 1_000_000),
            Patience = parsed.GetValue(_patience),
            ServerPid = parsed.GetValue(_serverPid),
            Thresholds = thresholds,
            MaxLateness = parsed.GetValue(_maxLateness),
            MaxLag = parsed.GetValue(_maxLag),
            AllowRemote = parsed.GetValue(_allowRemote),
        };
    }

    private List<Threshold> ParseThresholds(ParseResult parsed)
    {
        var texts = parsed.GetValue(_fail) ?? [];
        if (texts.Length == 0 && parsed.GetValue(_findMax)) texts = [FindMaxCondition];
        return [.. texts.Select(text => Threshold.TryParse(text, out var threshold, out var problem) ? threshold : throw CreateError(problem!))];
    }

    private static (int Min, int Max) ParseSizes(string text)
    {
        var ends = text.Split('-', 2);
        return int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var min)
            && int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var max) && min > 0 && max > 0
                ? min <= max ? (min, max) : throw CreateError($"--text-bytes {text}: a range must start with the smaller size")
                : throw CreateError($"--text-bytes must be a size, or a range such as 64-1024 (it is {text})");
    }

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is OptionResult { Implicit: false };

    private static FloodException CreateError(string problem) => new(problem, FloodResult.BadOptions);

    private static Option<T> CreateOption<T>(string name, string valueName, T defaultValue, string description, params string[] aliases)
    {
        var option = new Option<T>(name, aliases) { Description = description, HelpName = valueName };
        if (defaultValue is not null) option.DefaultValueFactory = _ => defaultValue;
        return option;
    }
}
