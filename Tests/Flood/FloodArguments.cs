using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using RawSocketChat.Tests.Flood.Goals;
using RawSocketChat.Tests.Flood.Ways;

namespace RawSocketChat.Tests.Flood;

/// <summary>The options of the command line, and what they say.</summary>
internal sealed class FloodArguments
{
    private static readonly FloodOptions Defaults = new();
    private readonly Option<string> _url = New("--url", "URL", Defaults.Url.OriginalString, "where the server's WebSocket is; the plain requests are beside it");
    private readonly Option<int> _rawPort = New("--raw-port", "PORT", Defaults.RawPort, "the raw port on the same host, for tcp");
    private readonly Option<string?> _http2Url = New<string?>("--h2-url", "URL", null, "where WebSockets over HTTP/2 are, for ws-h2: a wss:// address");
    private readonly Option<string> _way = New("--way", "WAYS", "ws", $"by which way in ({string.Join(", ", WayMix.All)}), or a mix in percent: ws:80,sse:20");
    private readonly Option<int> _connections = New("--connections", "N", Defaults.Connections, "connections, each of which checks all of its room");
    private readonly Option<int> _ramp = New("--ramp", "N", Defaults.Ramp, "connections being opened at a time");
    private readonly Option<double> _rampRate = New("--ramp-rate", "N", Defaults.RampRate, "connections opened in a second; 0: as many as it takes");
    private readonly Option<string> _sources = New("--source-addresses", "ADDRESSES", "", "connect from these in turn: 127.0.0.2-127.0.0.20, or a list; each has 28,000 ports");
    private readonly Option<string> _room = New("--room", "ROOM", Defaults.Room, "the room; made where there is none");
    private readonly Option<int> _rooms = New("--rooms", "N", Defaults.Rooms, "rooms (ROOM-1 and on) over which all is spread");
    private readonly Option<int?> _publishers = New<int?>("--publishers", "N", null, "connections that publish, in turn [default: 10, one a room at least, or all]");
    private readonly Option<double> _rate = New("--rate", "N", Defaults.Rate, "messages a second in all; 0 only holds the connections");
    private readonly Option<string> _textBytes = New("--text-bytes", "BYTES", $"{Defaults.TextBytes}", "size of a message's text, or a range of sizes: 64-1024");
    private readonly Option<double> _seconds = New("--seconds", "SECONDS", Defaults.Seconds, "how long messages are sent");
    private readonly Option<double> _warmUp = New("--warm-up", "SECONDS", Defaults.WarmUp, "seconds of messages before that are checked and not measured");
    private readonly Option<string?> _replay = New<string?>("--replay", "FILE", null, "says again what `Server export ROOM` wrote: its texts, with its gaps");
    private readonly Option<double> _speed = New("--speed", "TIMES", Defaults.Speed, "how much faster than it was, for --replay");
    private readonly Option<double> _slow = New("--slow", "PERCENT", Defaults.Slow, "percent of the connections that read slowly; their latency does not count");
    private readonly Option<double> _churn = New("--churn", "PERCENT", Defaults.Churn, "percent of the connections that are cut each second, and come back");
    private readonly Option<double> _pollInterval = New("--poll-interval", "SECONDS", Defaults.PollInterval, "seconds from an answer to the next question, for poll");
    private readonly Option<int?> _seed = New<int?>("--seed", "N", null, "decides who is slow, who is cut when, how long texts are [default: drawn, and printed]");
    private readonly Option<double> _patience = New("--patience", "SECONDS", Defaults.Patience, "seconds without a delivery until what is missing counts as lost");
    private readonly Option<int?> _serverPid = New<int?>("--server-pid", "PID", null, "the server's process, whose CPU time and memory are read");
    private readonly Option<string[]> _fail = new("--fail") { HelpName = "CONDITION", Description = "fails the run where this holds, as in 'delivery.p99>50ms'; repeatable", AllowMultipleArgumentsPerToken = false };
    private readonly Option<bool> _findMax = new("--find-max") { Description = "looks for the highest rate at which nothing fails, from --rate on, --seconds each [--fail default: 'delivery.p99>=100ms']" };
    private readonly Option<double> _maxLateness = New("--max-lateness", "MS", Defaults.MaxLateness, "ms of p99 from due to send, beyond which the run is invalid");
    private readonly Option<double> _maxLag = New("--max-lag", "MS", Defaults.MaxLag, "ms of p99 from arrived to read, beyond which the run is invalid");
    private readonly Option<string?> _json = New<string?>("--json", "FILE", null, "writes the result to this file, as JSON; - is the output, and all else goes to the errors");
    private readonly Option<string?> _hdr = New<string?>("--hdr", "FILE", null, "writes all latencies to this file, as an HdrHistogram log (V2)");
    private readonly Option<bool> _quiet = new("--quiet") { Description = "no lines while it runs; the report alone" };
    private readonly Option<bool> _allowRemote = new("--allow-remote") { Description = "flood a server that is not on this machine: only your own" };

    public IEnumerable<Option> All =>
    [
        _url, _rawPort, _http2Url, _way, _connections, _ramp, _rampRate, _sources, _room, _rooms, _publishers, _rate, _textBytes, _seconds, _warmUp, _replay,
        _speed, _slow, _churn, _pollInterval, _seed, _patience, _serverPid, _fail, _findMax, _maxLateness, _maxLag, _json, _hdr, _quiet, _allowRemote,
    ];

    public bool IsFindMax(ParseResult given) => given.GetValue(_findMax);

    public bool IsQuiet(ParseResult given) => given.GetValue(_quiet);

    /// <summary>The file, or - for the output.</summary>
    public string? Json(ParseResult given) => given.GetValue(_json);

    public string? Hdr(ParseResult given) => given.GetValue(_hdr);

    /// <summary>What was asked for.</summary>
    /// <exception cref="FloodException">It says nothing that can be done.</exception>
    public FloodOptions Read(ParseResult given)
    {
        if (!Uri.TryCreate(given.GetValue(_url), UriKind.Absolute, out var address)) throw Bad(FloodOptions.NoWebSocket(given.GetValue(_url)!));
        if (!WayMix.TryParse(given.GetValue(_way)!, out var ways, out var problem)) throw Bad(problem!);
        var sources = SourceAddresses.Any;
        if (IsGiven(given, _sources) && !SourceAddresses.TryParse(given.GetValue(_sources)!, out sources, out problem)) throw Bad(problem!);
        var (least, most) = Sizes(given.GetValue(_textBytes)!);
        if (given.GetValue(_replay) is not null && (IsGiven(given, _rate) || IsGiven(given, _textBytes) || given.GetValue(_findMax)))
            throw Bad("--replay brings its own times and texts: --rate, --text-bytes and --find-max have no place beside it");
        if (given.GetValue(_replay) is null && IsGiven(given, _speed)) throw Bad("--speed is that of --replay");
        if (given.GetValue(_findMax) && given.GetValue(_hdr) is not null) throw Bad("--hdr is of one run, and --find-max makes many");
        if (given.GetValue(_http2Url) is { } h2 && !Uri.TryCreate(h2, UriKind.Absolute, out _)) throw Bad($"--h2-url must be a wss:// address, such as wss://localhost:5443/ws (it is {h2})");
        var thresholds = Thresholds(given);
        return new FloodOptions
        {
            Url = address,
            RawPort = given.GetValue(_rawPort),
            Http2Url = given.GetValue(_http2Url) is { } http2 && Uri.TryCreate(http2, UriKind.Absolute, out var its) ? its : null,
            Ways = ways,
            Connections = given.GetValue(_connections),
            Ramp = given.GetValue(_ramp),
            RampRate = given.GetValue(_rampRate),
            Sources = sources,
            Room = given.GetValue(_room)!,
            Rooms = given.GetValue(_rooms),
            Publishers = given.GetValue(_publishers),
            Rate = given.GetValue(_rate),
            TextBytes = least,
            MostTextBytes = most,
            Seconds = given.GetValue(_seconds),
            WarmUp = given.GetValue(_warmUp),
            Replay = given.GetValue(_replay),
            ReplaySeconds = IsGiven(given, _seconds) ? given.GetValue(_seconds) : null,
            Speed = given.GetValue(_speed),
            Slow = given.GetValue(_slow),
            Churn = given.GetValue(_churn),
            PollInterval = given.GetValue(_pollInterval),
            Seed = given.GetValue(_seed) ?? Random.Shared.Next(1, 1_000_000),
            Patience = given.GetValue(_patience),
            ServerPid = given.GetValue(_serverPid),
            Thresholds = thresholds,
            MaxLateness = given.GetValue(_maxLateness),
            MaxLag = given.GetValue(_maxLag),
            AllowRemote = given.GetValue(_allowRemote),
        };
    }

    private List<Threshold> Thresholds(ParseResult given)
    {
        var texts = given.GetValue(_fail) ?? [];
        if (texts.Length == 0 && given.GetValue(_findMax)) texts = ["delivery.p99>=100ms"];
        return [.. texts.Select(text => Threshold.TryParse(text, out var threshold, out var problem) ? threshold : throw Bad(problem!))];
    }

    private static (int Least, int Most) Sizes(string text)
    {
        var ends = text.Split('-', 2);
        return int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var least)
            && int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var most) && least > 0 && most > 0
                ? least <= most ? (least, most) : throw Bad($"--text-bytes {text}: a range goes from the smaller size to the larger one")
                : throw Bad($"--text-bytes must be a size, or a range such as 64-1024 (it is {text})");
    }

    private static bool IsGiven(ParseResult given, Option option) => given.GetResult(option) is OptionResult { Implicit: false };

    private static FloodException Bad(string problem) => new(problem, FloodResult.BadOptions);

    private static Option<T> New<T>(string name, string takes, T otherwise, string description)
    {
        var option = new Option<T>(name) { Description = description, HelpName = takes };
        if (otherwise is not null) option.DefaultValueFactory = _ => otherwise;
        return option;
    }
}
