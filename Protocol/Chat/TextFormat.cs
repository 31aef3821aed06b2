using System.Globalization;
using System.Text;

namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// Formats server frames as lines for people: <c>[10:02:31] #lobby &lt;ann&gt; hi</c>. Times are in UTC; a frame without a
/// time shows none. Text of other users is made safe for a terminal.
/// </summary>
public static class TextFormat
{
    /// <summary>Formats a frame as lines joined by \n. The last line has no \n. Returns "" if the frame shows nothing.</summary>
    public static string Format(ServerFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        return frame switch
        {
            MessageFrame { Me: true } action => $"{FormatTime(action.At)}{FormatRoom(action.Room)} * {FormatName(action.From)} {TerminalText.CleanBlock(action.Text)}",
            MessageFrame message => $"{FormatTime(message.At)}{FormatRoom(message.Room)} <{FormatName(message.From)}> {TerminalText.CleanBlock(message.Text)}",
            TopicFrame topic => FormatTime(topic.At) + FormatNotice(topic.Text.Length == 0
                ? $"{FormatName(topic.From)} cleared the topic of {FormatRoom(topic.Room)}"
                : $"{FormatName(topic.From)} set the topic of {FormatRoom(topic.Room)}: {TerminalText.CleanBlock(topic.Text)}"),
            PresenceFrame presence => FormatPresence(presence),
            AckFrame { Duplicate: true } ack => FormatNotice($"this message was already posted{(ack.Room is null ? "" : " in " + FormatRoom(ack.Room))}; it is not posted again"),
            AckFrame { Name: { } name } => FormatNotice($"you are now called {TerminalText.CleanInline(name)}"),
            AckFrame { Room: { } room, Topic: { } topic } => FormatNotice(topic.Length == 0
                ? $"{FormatRoom(room)} has no topic"
                : $"topic of {FormatRoom(room)}: {TerminalText.CleanBlock(topic)}"),
            AckFrame { Room: { } left, Seq: null } => FormatNotice($"you left {FormatRoom(left)}"),
            ErrorFrame error => FormatError(error.Error),
            JoinedFrame joined => FormatJoined(joined),
            HistoryFrame history => FormatHistory(history),
            RoomsFrame rooms => FormatRooms(rooms),
            WhoFrame who => FormatNotice($"{FormatRoom(who.Room)}: {FormatMembers(who.Members, who.MemberCount)}"),
            WelcomeFrame welcome => FormatWelcome(welcome),
            HelpFrame help => FormatHelp(help),
            PongFrame pong => FormatTime(pong.At) + FormatNotice("pong"),
            GapFrame gap => FormatNotice($"{FormatRoom(gap.Room)}: messages {FormatNumber(gap.From)} to {FormatNumber(gap.To)} are not available"),
            LagFrame lag => FormatNotice($"you read too slowly: {FormatNumber(lag.Queued)} bytes wait for you; the limit is {FormatNumber(lag.Limit)}"),
            ByeFrame bye => FormatNotice($"bye: {TerminalText.CleanBlock(bye.Text)}{FormatReconnect(bye)}"),
            _ => "",
        };
    }

    /// <summary>Formats a frame in JSON. Returns "" if the JSON is not a valid frame, or has an unknown type.</summary>
    public static string Format(ReadOnlySpan<byte> json) => ChatCodec.TryReadServer(json, out var frame) ? Format(frame) : "";

    private static string FormatTime(DateTimeOffset at) => $"[{WireTime.FormatTimeOfDay(at)}] ";

    private static string FormatRoom(string room) => "#" + TerminalText.CleanInline(room);

    private static string FormatName(Person person) => TerminalText.CleanInline(person.Name);

    private static string FormatNotice(string text) => "-!- " + text;

    private static string FormatNumber(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string FormatPresence(PresenceFrame frame)
    {
        var name = TerminalText.CleanInline(frame.Name ?? "somebody");
        var time = frame.At is { } at ? FormatTime(at) : "";
        return frame.State switch
        {
            "joined" => time + FormatNotice($"{name} joined {FormatRoom(frame.Room)}"),
            "left" => time + FormatNotice($"{name} left {FormatRoom(frame.Room)}"),
            "renamed" => time + FormatNotice($"{TerminalText.CleanInline(frame.Was ?? "somebody")} is now called {name}"),
            _ => "", // only programs need the count
        };
    }

    private static string FormatError(ChatError error)
    {
        // Some texts already say how long to wait.
        var wait = error.RetryAfterMs is { } ms && !error.Text.Contains("; wait ", StringComparison.Ordinal) ? $" (wait {FormatSeconds(ms)})" : "";
        var hint = error.Hint is { Length: > 0 } line ? (error.Text.EndsWith('?') ? " try: " : "; try: ") + TerminalText.CleanInline(Hint.AsCommand(line)) : "";
        return "! " + TerminalText.CleanBlock(error.Text) + wait + hint;
    }

    private static string FormatSeconds(long milliseconds) => (milliseconds / 1000.0).ToString("0.#", CultureInfo.InvariantCulture) + " s";

    private static string FormatJoined(JoinedFrame frame)
    {
        var lines = new List<string> { FormatNotice($"you are in {FormatRoom(frame.Room)}: {FormatMembers(frame.Members, frame.MemberCount)}") };
        if (frame.Topic.Length > 0)
            lines.Add(FormatNotice($"topic: {TerminalText.CleanBlock(frame.Topic)}"));
        if (frame.Recovered == false)
            lines.Add(FormatNotice("some messages that you missed are no longer available"));
        return JoinLines(lines, frame.Messages);
    }

    private static string FormatHistory(HistoryFrame frame)
    {
        var lines = new List<string>();
        if (frame.Messages.Count == 0)
            lines.Add(FormatNotice($"{FormatRoom(frame.Room)}: no messages found"));
        var text = JoinLines(lines, frame.Messages);
        return frame.More && FindSeqRange(frame.Messages) is { } seqs
            ? text + "\n" + FormatNotice($"there are more messages: /before {FormatNumber(seqs.First)} or /after {FormatNumber(seqs.Last)}")
            : text;
    }

    private static (long First, long Last)? FindSeqRange(IReadOnlyList<ReadOnlyMemory<byte>> messages)
    {
        var seqs = messages
            .Select(message => ChatCodec.TryReadServer(message.Span, out var frame) ? frame : null)
            .Select(frame => frame switch { MessageFrame message => message.Seq, TopicFrame topic => topic.Seq, _ => (long?)null })
            .OfType<long>()
            .ToList();
        return seqs.Count == 0 ? null : (seqs[0], seqs[^1]);
    }

    private static string JoinLines(List<string> lines, IReadOnlyList<ReadOnlyMemory<byte>> messages)
    {
        foreach (var message in messages)
        {
            if (Format(message.Span) is { Length: > 0 } line)
                lines.Add(line);
        }
        return string.Join('\n', lines);
    }

    private static string FormatMembers(IReadOnlyList<Person> people, int count)
    {
        var names = string.Join(", ", people.Select(FormatName));
        var more = count - people.Count;
        var rest = more <= 0 ? "" : people.Count == 0 ? "" : $" and {FormatNumber(more)} more";
        return $"{FormatNumber(count)} here{(names.Length == 0 ? "" : ": " + names)}{rest}";
    }

    private static string FormatRooms(RoomsFrame frame)
    {
        if (frame.Rooms.Count == 0)
            return FormatNotice("no rooms found; to create one, type: /create garden");
        var width = Math.Min(24, frame.Rooms.Max(room => room.Room.Length + 1));
        var text = new StringBuilder(FormatNotice("rooms and their number of members:"));
        foreach (var room in frame.Rooms)
        {
            text.Append("\n    ").Append(FormatRoom(room.Room).PadRight(width)).Append(' ').Append(FormatNumber(room.MemberCount).PadLeft(5));
            if (room.Topic.Length > 0)
                text.Append("  ").Append(TerminalText.CleanInline(room.Topic));
        }
        return text.ToString();
    }

    private static string FormatWelcome(WelcomeFrame frame)
    {
        var name = TerminalText.CleanInline(frame.Name);
        var text = new StringBuilder(FormatTime(frame.At))
            .Append(FormatNotice($"you are {name}{(frame.Guest ? " (a guest)" : "")} on {TerminalText.CleanInline(frame.Server)}"));
        if (frame.Rooms.Count > 0)
            text.Append('\n').Append(FormatNotice("your rooms: " + string.Join(", ", frame.Rooms.Select(FormatRoom))));
        text.Append('\n').Append(FormatNotice("/help lists the commands, /join lobby joins a room; any other line is a message"));
        // Without the token, a guest at nc could not resume the session. Only the user's own connection gets this frame.
        text.Append('\n').Append(FormatNotice($"to come back as {name}: /session {TerminalText.CleanInline(frame.Session)}"));
        return text.ToString();
    }

    private static string FormatHelp(HelpFrame frame)
    {
        var single = frame.Commands.Count == 1 ? frame.Commands[0] : null;
        var text = new StringBuilder(frame.About is { } about && frame.Commands.All(entry => entry.Command != about)
            ? FormatNotice($"there is no command /{TerminalText.CleanInline(about)}; the commands are:")
            : single is null ? FormatNotice("a line without a command is a message to the current room; the commands are:") : FormatNotice("usage:"));
        var width = frame.Commands.Count == 0 ? 0 : frame.Commands.Max(entry => entry.Usage.Length);
        foreach (var entry in frame.Commands)
        {
            text.Append("\n    ").Append(TerminalText.CleanInline(entry.Usage).PadRight(width))
                .Append("  ").Append(TerminalText.CleanInline(entry.Text));
        }
        if (single is not null)
            text.Append("\n    for example: ").Append(TerminalText.CleanInline(Hint.AsCommand(single.Json)));
        return text.ToString();
    }

    private static string FormatReconnect(ByeFrame frame) => frame switch
    {
        { Reconnect: false } => "",
        { AfterMs: { } ms } => $" (you can reconnect in {FormatSeconds(ms)})",
        _ => " (you can reconnect)",
    };
}
