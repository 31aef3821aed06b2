using System.Globalization;
using System.Text.Json;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Operator;

/// <summary>
/// Reads an export file and validates all of it. Every error contains a line number. Server/docs/operations.md describes the format.
/// </summary>
internal sealed class RoomFileReader(Stream stream) : IDisposable
{
    private static readonly JsonDocumentOptions ParseOptions = new() { AllowDuplicateProperties = false };

    private readonly LineReader _lines = new(stream);
    private RoomFileHeader _header = null!;
    private long _nextSeq;
    private (long Line, string Text)? _lastTopic;

    public long EventCount => _header.State.Last - _header.State.First + 1;

    public RoomFileHeader ReadHeader()
    {
        using var line = ReadLine() ?? throw new OperatorException("line 1: the file is empty");
        var fields = new RoomFileFields(line.RootElement, CreateError);
        if (fields.ReadText("type") is var type && type != RoomFileHeader.Type)
            throw CreateError($"the type is \"{type}\", but an export begins with \"{RoomFileHeader.Type}\"");
        if (fields.ReadNumber("version") is var version && version != RoomFileHeader.Version)
            throw CreateError($"the version is {version}, but this server reads version {RoomFileHeader.Version} only");
        var room = new StoredRoom(fields.ReadText("room"), fields.ReadText("topic"), fields.ReadTextOrNull("owner"), fields.ReadFlag("private"));
        var state = new RoomLogState(fields.ReadText("epoch"), fields.ReadNumber("first"), fields.ReadNumber("last"));
        _header = new RoomFileHeader(room, state, fields.ReadTime("at"));
        fields.RejectUnknownFields();
        if (state.First < 1 || state.Last < state.First - 1 || state.Last >= 1L << 40)
            throw CreateError($"a log cannot have events {state.First} to {state.Last}");
        _nextSeq = state.First;
        return _header;
    }

    /// <summary>
    /// Reads the next event. Returns null after the last event. Throws <see cref="OperatorException"/> if a part of the file is not valid.
    /// </summary>
    public RoomEvent? ReadEvent()
    {
        using var line = ReadLine();
        if (line is null)
        {
            ValidateEnd();
            return null;
        }

        var fields = new RoomFileFields(line.RootElement, CreateError);
        var kind = ParseKind(fields.ReadText("type"));
        var seq = fields.ReadNumber("seq");
        if (seq != _nextSeq || seq > _header.State.Last)
            throw CreateError($"the seq is {seq}, but {(_nextSeq > _header.State.Last ? $"the log ends at {_header.State.Last}" : $"{_nextSeq} is expected")}");
        var at = fields.ReadTime("at");
        var from = fields.ReadObject("from");
        var author = (User: from.ReadText("user"), Name: from.ReadText("name"), IsBot: from.ReadFlag("bot", defaultValue: false));
        from.RejectUnknownFields();
        var content = new NewEvent(kind, author.User, author.Name, fields.ReadText("text"), fields.ReadNumberOrNull("reply"), fields.ReadFlag("me", defaultValue: false), fields.ReadTextOrNull("id"))
        {
            IsBot = author.IsBot,
            Of = fields.ReadNumberOrNull("of"),
            Emoji = fields.ReadTextOrNull("emoji"),
            Off = fields.ReadFlag("off", defaultValue: false),
            Mentions = fields.ReadTextsOrNull("mentions"),
            Files = fields.ReadObjectsOrNull("files") is { Count: > 0 } files ? [.. files.Select(ReadFile)] : null,
            Moderation = ReadModeration(fields),
        };
        var changes = (EditedAt: fields.ReadTimeOrNull("edited"), IsDeleted: fields.ReadFlag("deleted", defaultValue: false));
        fields.RejectUnknownFields();
        if (author.User.Length == 0)
            throw CreateError("the user is empty");
        if (content.Reply < 1)
            throw CreateError($"\"reply\" is {content.Reply}, but must be at least 1");
        if (content.Of is { } of ? of < 1 || of >= seq : MessageChanges.ChangesMessage(kind))
            throw CreateError($"\"of\" must be a seq before {seq}");
        if (kind == RoomEventKind.Reacted && content.Emoji is null)
            throw CreateError("\"emoji\" is missing");
        if (kind == RoomEventKind.Topic)
            _lastTopic = (_lines.Number, content.Text);
        _nextSeq++;
        return new RoomEvent(seq, at, content) { EditedAt = changes.EditedAt, IsDeleted = changes.IsDeleted };
    }

    /// <summary>Creates the error for the line that was read last.</summary>
    public OperatorException CreateError(string what) => new($"line {_lines.Number}: {what}");

    public void Dispose() => stream.Dispose();

    private JsonDocument? ReadLine()
    {
        if (_lines.Read() is not { } line)
            return null;
        try
        {
            var document = JsonDocument.Parse(line, ParseOptions);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document;
            document.Dispose();
        }
        catch (JsonException)
        {
            // A line that is not valid JSON gets the same error as JSON that is not an object.
        }

        throw CreateError("the line is not a JSON object");
    }

    private static ModerationDetails? ReadModeration(RoomFileFields fields)
    {
        var read = (Action: fields.ReadTextOrNull("action"), User: fields.ReadTextOrNull("user"), Name: fields.ReadTextOrNull("name"), Role: fields.ReadTextOrNull("role"), Seconds: fields.ReadNumberOrNull("seconds"));
        return read.Action is null ? null : new ModerationDetails(read.Action, read.User, read.Name, read.Role, read.Seconds);
    }

    private MessageFile ReadFile(RoomFileFields fields)
    {
        var size = (Width: fields.ReadNumberOrNull("width"), Height: fields.ReadNumberOrNull("height"));
        var file = new MessageFile(fields.ReadText("id"), fields.ReadText("name"), fields.ReadText("type"), fields.ReadNumber("bytes"), (int?)size.Width, (int?)size.Height);
        fields.RejectUnknownFields();
        return file.Bytes >= 0 && size.Width is null or (> 0 and <= int.MaxValue) && size.Height is null or (> 0 and <= int.MaxValue)
            ? file
            : throw CreateError("a file has an impossible size");
    }

    private RoomEventKind ParseKind(string type) =>
        RoomEventKindName.Parse(type) ?? throw CreateError($"the type is \"{type}\", but this server supports only {string.Join(", ", RoomEventKindName.All)}");

    private void ValidateEnd()
    {
        if (_nextSeq <= _header.State.Last)
            throw CreateError($"the file ends before event {_nextSeq}, but its first line announces events up to {_header.State.Last}");
        if (_lastTopic is { } given && given.Text != _header.Room.Topic)
            throw new OperatorException($"line {given.Line}: this topic differs from the one in the first line");
    }
}
