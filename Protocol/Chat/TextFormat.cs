using System.Globalization;
using System.Text;

namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// The server's frames as a person reads them: <c>[10:02:31] #lobby &lt;ann&gt; hi</c>. Times are in UTC; a frame without a
/// time shows none. Whatever others wrote is made safe for a terminal first.
/// </summary>
public static class TextFormat
{
    /// <summary>The frame in lines, joined by \n, none at the end; empty where there is nothing to show.</summary>
    public static string Of(ServerFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        return frame switch
        {
            MessageFrame { Me: true } action => $"{Time(action.At)}{Room(action.Room)} * {Name(action.From)} {TerminalText.Block(action.Text)}",
            MessageFrame message => $"{Time(message.At)}{Room(message.Room)} <{Name(message.From)}> {TerminalText.Block(message.Text)}",
            TopicFrame topic => Time(topic.At) + Notice(topic.Text.Length == 0
                ? $"{Name(topic.From)} cleared the topic of {Room(topic.Room)}"
                : $"{Name(topic.From)} set the topic of {Room(topic.Room)}: {TerminalText.Block(topic.Text)}"),
            PresenceFrame presence => Presence(presence),
            AckFrame { Duplicate: true } ack => Notice($"this was said before{(ack.Room is null ? "" : " in " + Room(ack.Room))}; it is not said again"),
            AckFrame { Name: { } name } => Notice($"you are now called {TerminalText.Inline(name)}"),
            AckFrame { Room: { } left, Seq: null } => Notice($"you left {Room(left)}"),
            ErrorFrame error => Error(error.Error),
            JoinedFrame joined => Joined(joined),
            HistoryFrame history => History(history),
            RoomsFrame rooms => Rooms(rooms),
            WhoFrame who => Notice($"{Room(who.Room)}: {People(who.Members, who.MemberCount)}"),
            WelcomeFrame welcome => Welcome(welcome),
            HelpFrame help => HelpTable(help),
            PongFrame pong => Time(pong.At) + Notice("pong"),
            GapFrame gap => Notice($"{Room(gap.Room)}: some messages can't be had: {Number(gap.From)} to {Number(gap.To)}"),
            LagFrame lag => Notice($"you read too slowly: {Number(lag.Queued)} of at most {Number(lag.Limit)} wait for you"),
            ByeFrame bye => Notice($"bye: {TerminalText.Block(bye.Text)}{ComeBack(bye)}"),
            _ => "",
        };
    }

    /// <summary>The same of a frame in JSON; empty where it is none, or of a type that this version does not know.</summary>
    public static string Of(ReadOnlySpan<byte> json) => ChatCodec.TryReadServer(json, out var frame) ? Of(frame) : "";

    private static string Time(DateTimeOffset at) => $"[{WireTime.OfDay(at)}] ";

    private static string Room(string room) => "#" + TerminalText.Inline(room);

    private static string Name(Person person) => TerminalText.Inline(person.Name);

    private static string Notice(string text) => "-!- " + text;

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Presence(PresenceFrame frame)
    {
        var name = TerminalText.Inline(frame.Name ?? "somebody");
        var time = frame.At is { } at ? Time(at) : "";
        return frame.State switch
        {
            "joined" => time + Notice($"{name} joined {Room(frame.Room)}"),
            "left" => time + Notice($"{name} left {Room(frame.Room)}"),
            "renamed" => time + Notice($"{TerminalText.Inline(frame.Was ?? "somebody")} is now called {name}"),
            _ => "", // a count is for programs
        };
    }

    private static string Error(ChatError error)
    {
        var wait = error.RetryAfterMs is { } ms ? $" (wait {Seconds(ms)})" : "";
        var hint = error.Hint is { Length: > 0 } line ? (error.Text.EndsWith('?') ? " try: " : "; try: ") + TerminalText.Inline(Hint.AsCommand(line)) : "";
        return "! " + TerminalText.Block(error.Text) + wait + hint;
    }

    private static string Seconds(long milliseconds) => (milliseconds / 1000.0).ToString("0.#", CultureInfo.InvariantCulture) + " s";

    private static string Joined(JoinedFrame frame)
    {
        var lines = new List<string> { Notice($"you are in {Room(frame.Room)}: {People(frame.Members, frame.MemberCount)}") };
        if (frame.Topic.Length > 0)
            lines.Add(Notice($"topic: {TerminalText.Block(frame.Topic)}"));
        if (frame.Recovered == false)
            lines.Add(Notice("you have missed messages that can't be had any more"));
        return Lines(lines, frame.Messages);
    }

    private static string History(HistoryFrame frame)
    {
        var lines = new List<string>();
        if (frame.Messages.Count == 0)
            lines.Add(Notice($"{Room(frame.Room)}: no messages there"));
        var text = Lines(lines, frame.Messages);
        return frame.More && Seqs(frame.Messages) is { } seqs
            ? text + "\n" + Notice($"there is more: /before {Number(seqs.First)}, or /after {Number(seqs.Last)}")
            : text;
    }

    private static (long First, long Last)? Seqs(IReadOnlyList<ReadOnlyMemory<byte>> messages)
    {
        var seqs = messages
            .Select(message => ChatCodec.TryReadServer(message.Span, out var frame) ? frame : null)
            .Select(frame => frame switch { MessageFrame message => message.Seq, TopicFrame topic => topic.Seq, _ => (long?)null })
            .OfType<long>()
            .ToList();
        return seqs.Count == 0 ? null : (seqs[0], seqs[^1]);
    }

    private static string Lines(List<string> lines, IReadOnlyList<ReadOnlyMemory<byte>> messages)
    {
        foreach (var message in messages)
        {
            if (Of(message.Span) is { Length: > 0 } line)
                lines.Add(line);
        }
        return string.Join('\n', lines);
    }

    private static string People(IReadOnlyList<Person> people, int count)
    {
        var names = string.Join(", ", people.Select(Name));
        var more = count - people.Count;
        var rest = more <= 0 ? "" : people.Count == 0 ? "" : $" and {Number(more)} more";
        return $"{Number(count)} here{(names.Length == 0 ? "" : ": " + names)}{rest}";
    }

    private static string Rooms(RoomsFrame frame)
    {
        if (frame.Rooms.Count == 0)
            return Notice("there is no such room; make one: /create garden");
        var width = Math.Min(24, frame.Rooms.Max(room => room.Room.Length + 1));
        var text = new StringBuilder(Notice("the rooms, and how many are in each:"));
        foreach (var room in frame.Rooms)
        {
            text.Append("\n    ").Append(Room(room.Room).PadRight(width)).Append(' ').Append(Number(room.MemberCount).PadLeft(5));
            if (room.Topic.Length > 0)
                text.Append("  ").Append(TerminalText.Inline(room.Topic));
        }
        return text.ToString();
    }

    private static string Welcome(WelcomeFrame frame)
    {
        var name = TerminalText.Inline(frame.Name);
        var text = new StringBuilder(Time(frame.At))
            .Append(Notice($"you are {name}{(frame.Guest ? " (a guest)" : "")} on {TerminalText.Inline(frame.Server)}"));
        if (frame.Rooms.Count > 0)
            text.Append('\n').Append(Notice("your rooms: " + string.Join(", ", frame.Rooms.Select(Room))));
        text.Append('\n').Append(Notice("/help shows what you can type, /join lobby takes you into a room; any other line is said"));
        // Without it a person at nc could never come back as a guest; and it is shown to nobody else.
        text.Append('\n').Append(Notice($"to come back as {name}: /session {TerminalText.Inline(frame.Session)}"));
        return text.ToString();
    }

    private static string HelpTable(HelpFrame frame)
    {
        var single = frame.Commands.Count == 1 ? frame.Commands[0] : null;
        var text = new StringBuilder(frame.About is { } about && frame.Commands.All(entry => entry.Command != about)
            ? Notice($"there is no /{TerminalText.Inline(about)}; what you can type:")
            : single is null ? Notice("a line is said in the current room; what else you can type:") : Notice("what you can type:"));
        var width = frame.Commands.Count == 0 ? 0 : frame.Commands.Max(entry => entry.Usage.Length);
        foreach (var entry in frame.Commands)
        {
            text.Append("\n    ").Append(TerminalText.Inline(entry.Usage).PadRight(width))
                .Append("  ").Append(TerminalText.Inline(entry.Text));
        }
        if (single is not null)
            text.Append("\n    for example: ").Append(TerminalText.Inline(Hint.AsCommand(single.Json)));
        return text.ToString();
    }

    private static string ComeBack(ByeFrame frame) => frame switch
    {
        { Reconnect: false } => "",
        { AfterMs: { } ms } => $" (you can come back in {Seconds(ms)})",
        _ => " (you can come back)",
    };
}
