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
            MessageFrame message => FormatMessage(message),
            EditedFrame edited => $"{FormatTime(edited.At)}{FormatRoom(edited.Room)} <{FormatName(edited.From)}> edited: {TerminalText.CleanBlock(edited.Text)}",
            DeletedFrame deleted => FormatTime(deleted.At) + FormatNotice(
                $"{FormatName(deleted.From)} deleted message {FormatNumber(deleted.Of)} of {FormatRoom(deleted.Room)}"),
            ReactedFrame reacted => FormatReacted(reacted),
            ModeratedFrame moderated => FormatModerated(moderated),
            InvitedFrame invited => FormatInvited(invited),
            TopicFrame topic => FormatTime(topic.At) + FormatNotice(topic.Text.Length == 0
                ? $"{FormatName(topic.From)} cleared the topic of {FormatRoom(topic.Room)}"
                : $"{FormatName(topic.From)} set the topic of {FormatRoom(topic.Room)}: {TerminalText.CleanBlock(topic.Text)}"),
            PresenceFrame presence => FormatPresence(presence),
            AckFrame { Duplicate: true } ack => FormatNotice($"this message was already posted{(ack.Room is null ? "" : " in " + FormatRoom(ack.Room))}; it is not posted again"),
            AckFrame { Name: { } name } => FormatNotice($"you are now called {TerminalText.CleanInline(name)}"),
            AckFrame { Room: { } room, Topic: { } topic } => FormatNotice(topic.Length == 0
                ? $"{FormatRoom(room)} has no topic"
                : $"topic of {FormatRoom(room)}: {TerminalText.CleanBlock(topic)}"),
            AckFrame { Room: null, Seq: null } => FormatNotice("done"),
            AckFrame { Room: { } left, Seq: null } => FormatNotice($"you left {FormatRoom(left)}"),
            ErrorFrame error => FormatError(error.Error),
            JoinedFrame joined => FormatJoined(joined),
            HistoryFrame history => FormatHistory(history),
            ResultsFrame results => FormatResults(results),
            RoomsFrame rooms => FormatRooms(rooms),
            WhoFrame who => FormatNotice($"{FormatRoom(who.Room)}: {FormatMembers(who.Members, who.MemberCount)}{FormatAway(who.Away)}"),
            TokensFrame tokens => FormatTokens(tokens),
            WebhookFrame webhook => FormatWebhook(webhook),
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

    // No user can have a name with a blank, so no user can look like a bot.
    private static string FormatName(Person person) => TerminalText.CleanInline(person.Name) + (person.Bot ? " (bot)" : "");

    private static string FormatNotice(string text) => "-!- " + text;

    private static string FormatNumber(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string FormatMessage(MessageFrame frame)
    {
        var name = FormatName(frame.From);
        var line = new StringBuilder(FormatTime(frame.At)).Append(FormatRoom(frame.Room)).Append(frame.Me ? $" * {name} " : $" <{name}> ")
            .Append(frame.Deleted ? "(deleted)" : TerminalText.CleanBlock(frame.Text));
        if (frame.Files is { Count: > 0 } files)
            line.Append(frame.Text.Length == 0 ? "" : " ").Append(FormatFiles(files));
        if (frame.Reactions is { Count: > 0 } reactions)
            line.Append(" [").AppendJoin(", ", reactions.Select(each => $"{TerminalText.CleanInline(each.Emoji)} {FormatNumber(each.People.Count)}")).Append(']');
        if (frame is { Edited: not null, Deleted: false })
            line.Append(" (edited)");
        return line.ToString();
    }

    private static string FormatFiles(IReadOnlyList<AttachedFile> files) => string.Join(' ', files.Select(file =>
        $"[file: {TerminalText.CleanInline(file.Name)}, {FormatSize(file.Bytes)}, {GetPath(file)}]"));

    /// <summary>The address of a file's content, relative to the server.</summary>
    public static string GetPath(AttachedFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return $"/files/{Uri.EscapeDataString(file.Id)}/{Uri.EscapeDataString(file.Name)}";
    }

    // A number below ten has at most one decimal (9.5 MB), and a larger number has none.
    private static string FormatSize(long bytes)
    {
        if (bytes < 1024)
            return $"{FormatNumber(bytes)} B";
        var (size, unit) = (bytes / 1024.0, 0);
        for (; size >= 1023.5 && unit < 2; unit++)
            size /= 1024;
        return $"{size.ToString(size < 9.95 ? "0.#" : "0", CultureInfo.InvariantCulture)} {(unit == 0 ? "KB" : unit == 1 ? "MB" : "GB")}";
    }

    private static string FormatReacted(ReactedFrame frame)
    {
        var emoji = TerminalText.CleanInline(frame.Emoji);
        var message = $"message {FormatNumber(frame.Of)} of {FormatRoom(frame.Room)}";
        return FormatTime(frame.At) + FormatNotice(frame.Off
            ? $"{FormatName(frame.From)} removed {emoji} from {message}"
            : $"{FormatName(frame.From)} reacted with {emoji} to {message}");
    }

    private static string FormatModerated(ModeratedFrame frame)
    {
        var (from, room) = (FormatName(frame.From), FormatRoom(frame.Room));
        var user = frame.User is { } person ? FormatName(person) : "somebody";
        var time = frame.Seconds is > 0 and { } seconds ? $" for {FormatDuration(seconds)}" : "";
        var text = frame.Action switch
        {
            "kick" => $"{from} removed {user} from {room}{time}",
            "ban" => $"{from} banned {user} from {room}{time}",
            "unban" => $"{from} ended the ban of {user} in {room}",
            "mute" => $"{from} muted {user} in {room}{time}",
            "unmute" => $"{from} ended the mute of {user} in {room}",
            "role" => $"{from} gave {user} the role {TerminalText.CleanInline(frame.Role ?? "member")} in {room}",
            "slow" => frame.Seconds is > 0 and { } interval
                ? $"{from} set {room} to slow mode: one message every {FormatDuration(interval)}"
                : $"{from} ended slow mode in {room}",
            "close" => $"{from} closed {room}",
            _ => $"{from} moderated {room}: {TerminalText.CleanInline(frame.Action)}", // an action of a newer version
        };
        var reason = frame.Reason is { Length: > 0 } given ? $" (reason: {TerminalText.CleanBlock(given)})" : "";
        return FormatTime(frame.At) + FormatNotice(text + reason);
    }

    private static string FormatDuration(long seconds) => seconds switch
    {
        _ when seconds % 86_400 == 0 => seconds == 86_400 ? "1 day" : $"{FormatNumber(seconds / 86_400)} days",
        _ when seconds % 3_600 == 0 => $"{FormatNumber(seconds / 3_600)} h",
        _ when seconds % 60 == 0 => $"{FormatNumber(seconds / 60)} min",
        _ => $"{FormatNumber(seconds)} s",
    };

    private static string FormatInvited(InvitedFrame frame)
    {
        var topic = frame.Topic.Length == 0 ? "" : $" ({TerminalText.CleanInline(frame.Topic)})";
        return FormatTime(frame.At) + FormatNotice(
            $"{FormatName(frame.From)} invites you to {FormatRoom(frame.Room)}{topic}; try: /join {TerminalText.CleanInline(frame.Room)}");
    }

    private static string FormatPresence(PresenceFrame frame)
    {
        var name = TerminalText.CleanInline(frame.Name ?? "somebody");
        var time = frame.At is { } at ? FormatTime(at) : "";
        return frame.State switch
        {
            "joined" => time + FormatNotice($"{name} joined {FormatRoom(frame.Room)}"),
            "left" => time + FormatNotice($"{name} left {FormatRoom(frame.Room)}"),
            "renamed" => time + FormatNotice($"{TerminalText.CleanInline(frame.Was ?? "somebody")} is now called {name}"),
            _ => "", // "count": only programs need it
        };
    }

    private static string FormatError(ChatError error)
    {
        // Some texts already say how long to wait. Then do not add the time again.
        var wait = error.RetryAfterMs is { } ms && !error.Text.Contains("; wait ", StringComparison.Ordinal) ? $" (wait {FormatSeconds(ms)})" : "";
        var hint = error.Hint is { Length: > 0 } line ? (error.Text.EndsWith('?') ? " try: " : "; try: ") + TerminalText.CleanInline(Hint.AsCommand(line)) : "";
        return "! " + TerminalText.CleanBlock(error.Text) + wait + hint;
    }

    private static string FormatSeconds(long milliseconds) => (milliseconds / 1000.0).ToString("0.#", CultureInfo.InvariantCulture) + " s";

    private static string FormatJoined(JoinedFrame frame)
    {
        var lines = new List<string>
        {
            FormatNotice(frame.With is { } other
                ? $"you are in {FormatRoom(frame.Room)}, your private room with {FormatName(other)}"
                : $"you are in {FormatRoom(frame.Room)}{(frame.Private ? " (private)" : "")}: {FormatMembers(frame.Members, frame.MemberCount)}"),
        };
        if (frame.Topic.Length > 0)
            lines.Add(FormatNotice($"topic: {TerminalText.CleanBlock(frame.Topic)}"));
        if (frame.Slow > 0)
            lines.Add(FormatNotice($"slow mode: one message every {FormatDuration(frame.Slow)}"));
        if (frame.Unread > 0)
            lines.Add(FormatNotice($"unread messages: {FormatNumber(frame.Unread)}{(frame.Mentions > 0 ? $"; mentions of you: {FormatNumber(frame.Mentions)}" : "")}"));
        if (frame.Recovered == false)
            lines.Add(FormatNotice("some messages that you missed are no longer available"));
        return JoinLines(lines, frame.Messages);
    }

    private static string FormatHistory(HistoryFrame frame)
    {
        var events = frame.Messages
            .Select(message => ChatCodec.TryReadServer(message.Span, out var read) ? read : null)
            .OfType<ServerFrame>()
            .Select(read => (Seq: GetSeq(read), Line: Format(read)))
            .Where(read => read.Seq is not null)
            .ToList();
        // The seq comes first, so that a person can type /edit, /delete, /react or /reply with it.
        var lines = events.Where(read => read.Line.Length > 0).Select(read => $"{FormatNumber(read.Seq!.Value)} {read.Line}").ToList();
        if (frame.Messages.Count == 0)
            lines.Add(FormatNotice($"{FormatRoom(frame.Room)}: no messages found"));
        if (frame.More && events.Count > 0)
            lines.Add(FormatNotice($"there are more messages: /before {FormatNumber(events[0].Seq!.Value)} or /after {FormatNumber(events[^1].Seq!.Value)}"));
        return string.Join('\n', lines);
    }

    // A search goes back over many days, so its lines have the date too.
    private static string FormatResults(ResultsFrame frame)
    {
        var lines = frame.Messages
            .Select(message => ChatCodec.TryReadServer(message.Span, out var read) ? read as MessageFrame : null)
            .OfType<MessageFrame>()
            .Select(found => $"{FormatNumber(found.Seq)} [{WireTime.FormatDateAndTime(found.At)}] {FormatRoom(found.Room)}{(found.Me ? $" * {FormatName(found.From)} " : $" <{FormatName(found.From)}> ")}{FormatFound(found)}{(found.Files is { Count: > 0 } files ? $" {FormatFiles(files)}" : "")}")
            .ToList();
        if (lines.Count == 0)
            lines.Add(FormatNotice("no messages found"));
        if (frame.Before is { } before)
            lines.Add(FormatNotice($"there may be older messages: /search {TerminalText.CleanInline(SearchQuery.WithCursor(frame.Query, before))}"));
        return string.Join('\n', lines);
    }

    private static string FormatFound(MessageFrame frame)
    {
        if (frame.Snippet is not { } snippet)
            return TerminalText.CleanBlock(frame.Text);
        var (text, end) = (new StringBuilder(), 0);
        foreach (var mark in snippet.Marks.Where(mark => mark.Start >= end))
        {
            text.Append(snippet.Text.AsSpan(end, mark.Start - end)).Append('*').Append(snippet.Text.AsSpan(mark.Start, mark.Length)).Append('*');
            end = mark.Start + mark.Length;
        }
        return TerminalText.CleanInline(text.Append(snippet.Text.AsSpan(end)).ToString());
    }

    private static long? GetSeq(ServerFrame frame) => frame switch
    {
        MessageFrame message => message.Seq,
        TopicFrame topic => topic.Seq,
        EditedFrame edited => edited.Seq,
        DeletedFrame deleted => deleted.Seq,
        ReactedFrame reacted => reacted.Seq,
        ModeratedFrame moderated => moderated.Seq,
        _ => null,
    };

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

    private static string FormatAway(IReadOnlyList<Person>? people) =>
        people is { Count: > 0 } ? $"; away: {string.Join(", ", people.Select(person => $"{FormatName(person)}{(person.Role is { } role ? $" ({TerminalText.CleanInline(role)})" : "")}"))}" : "";

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

    private static string FormatTokens(TokensFrame frame)
    {
        var room = FormatRoom(frame.Room);
        var name = TerminalText.CleanInline(frame.Name ?? "");
        if (frame.Token is { } token)
        {
            var shown = TerminalText.CleanInline(token);
            return string.Join('\n',
                FormatNotice($"created the token {name} for {room}; the server shows it only now:"),
                $"    {shown}",
                FormatNotice("a program posts with it like this; replace http://localhost:5080 by the web address of this server:"),
                $"    curl -H 'Authorization: Bearer {shown}' -d '{{\"text\":\"disk is full\"}}' http://localhost:5080/api/rooms/{Uri.EscapeDataString(frame.Room)}/messages",
                FormatNotice("a tool that can post to Slack needs this webhook address:"),
                $"    http://localhost:5080/hooks/{shown}");
        }

        var text = new StringBuilder();
        if (frame.Name is not null)
            text.Append(FormatNotice($"revoked the token {name} of {room}")).Append('\n');
        if (frame.Tokens.Count == 0)
            return text.Append(FormatNotice($"{room} has no tokens; to create one, type: /tokens create build-server")).ToString();
        text.Append(FormatNotice($"tokens of {room} and the times of their creation:"));
        var width = Math.Min(32, frame.Tokens.Max(each => each.Name.Length));
        foreach (var each in frame.Tokens)
            text.Append("\n    ").Append(TerminalText.CleanInline(each.Name).PadRight(width)).Append("  ").Append(WireTime.FormatMinute(each.At));
        return text.ToString();
    }

    private static string FormatWebhook(WebhookFrame frame)
    {
        var room = FormatRoom(frame.Room);
        var lines = new List<string>();
        if (frame.Do == "remove")
            lines.Add(FormatNotice($"removed the webhook of {room}"));
        else if (frame.Url is { } url)
            lines.Add(FormatNotice($"the server sends the events of {room} to {TerminalText.CleanInline(url)}"));
        else
            lines.Add(FormatNotice($"{room} has no webhook; to set one, type: /webhook set https://example.org/chat"));
        if (frame.Secret is { } secret)
        {
            lines.Add(FormatNotice("the receiver verifies the signatures with this secret; the server shows it only now:"));
            lines.Add("    " + TerminalText.CleanInline(secret));
        }
        if (frame.Delivered is { } delivered)
            lines.Add(FormatNotice($"delivered up to seq {FormatNumber(delivered)}"));
        if (frame.Failing is { } failing)
        {
            lines.Add(FormatNotice($"failing since {WireTime.FormatMinute(failing.Since)}: {TerminalText.CleanInline(failing.Error)}; {(failing.Next is { } next
                ? $"the next attempt is at {WireTime.FormatMinute(next)}"
                : "to turn it on, set it again")}"));
        }
        if (frame.Failed.Count > 0)
        {
            lines.Add(FormatNotice(frame.Do == "retry" ? "the server sends these events again:" : "not delivered; to send these events again, type: /webhook retry"));
            lines.AddRange(frame.Failed.Select(failed =>
                $"    {FormatNumber(failed.Seq)}  {WireTime.FormatMinute(failed.At)}  {TerminalText.CleanInline(failed.Error)} ({FormatNumber(failed.Attempts)} {(failed.Attempts == 1 ? "attempt" : "attempts")})"));
        }
        return string.Join('\n', lines);
    }

    private static string FormatWelcome(WelcomeFrame frame)
    {
        var name = TerminalText.CleanInline(frame.Name);
        var text = new StringBuilder(FormatTime(frame.At))
            .Append(FormatNotice($"you are {name}{(frame.Guest ? " (a guest)" : "")} on {TerminalText.CleanInline(frame.Server)}"));
        if (frame.Rooms.Count > 0)
            text.Append('\n').Append(FormatNotice("your rooms: " + string.Join(", ", frame.Rooms.Select(FormatRoom))));
        if (frame.Guest && frame.Features?.Contains("login-required") == true)
        {
            var register = frame.Features.Contains("register") ? ", to create an account: /register NAME PASSWORD" : "";
            return text.Append('\n').Append(FormatNotice($"this server has no guests; to log in, type: /login NAME PASSWORD{register}")).ToString();
        }

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
