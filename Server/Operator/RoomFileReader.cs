using System.Globalization;
using System.Text.Json;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Operator;

/// <summary>Reads an exported room and takes nothing on trust: whatever is wrong is told with the number of its line.</summary>
internal sealed class RoomFileReader(Stream stream) : IDisposable
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private readonly LineReader _lines = new(stream);
    private RoomFileHeader _header = null!;
    private long _next;
    private (long Line, string Text)? _topic;

    public long EventCount => _header.State.Last - _header.State.First + 1;

    public RoomFileHeader ReadHeader()
    {
        using var line = ReadLine() ?? throw new OperatorException("line 1: the file is empty");
        var fields = new LineFields(line.RootElement, Fault);
        if (fields.Text("type") is var type && type != RoomFileHeader.Type)
            throw Fault($"its type is \"{type}\", and an exported room begins with \"{RoomFileHeader.Type}\"");
        if (fields.Number("version") is var version && version != RoomFileHeader.Version)
            throw Fault($"it is of version {version}, and this server knows version {RoomFileHeader.Version}");
        var room = new StoredRoom(fields.Text("room"), fields.Text("topic"), fields.TextOrNull("owner"), fields.Flag("private"));
        var state = new RoomLogState(fields.Text("epoch"), fields.Number("first"), fields.Number("last"));
        _header = new RoomFileHeader(room, state, fields.Time("at"));
        fields.NothingElse();
        if (state.First < 1 || state.Last < state.First - 1 || state.Last >= 1L << 40)
            throw Fault($"no log goes from {state.First} to {state.Last}");
        _next = state.First;
        return _header;
    }

    /// <summary>The next event; null after the last, where all is well with the whole.</summary>
    public RoomEvent? ReadEvent()
    {
        using var line = ReadLine();
        if (line is null)
        {
            CheckEnd();
            return null;
        }

        var fields = new LineFields(line.RootElement, Fault);
        var kind = KindOf(fields.Text("type"));
        var seq = fields.Number("seq");
        if (seq != _next || seq > _header.State.Last)
            throw Fault($"its seq is {seq}, and {(_next > _header.State.Last ? $"the log ends at {_header.State.Last}" : $"{_next} follows")}");
        var at = fields.Time("at");
        var from = fields.Part("from");
        var author = (User: from.Text("user"), Name: from.Text("name"));
        from.NothingElse();
        var content = new NewEvent(kind, author.User, author.Name, fields.Text("text"), fields.NumberOrNull("reply"), fields.Flag("me", otherwise: false), fields.TextOrNull("id"));
        fields.NothingElse();
        if (author.User.Length == 0)
            throw Fault("its user is empty");
        if (content.Reply < 1)
            throw Fault($"it is a reply to {content.Reply}");
        if (kind == RoomEventKind.Topic)
            _topic = (_lines.Number, content.Text);
        _next++;
        return new RoomEvent(seq, at, content);
    }

    /// <summary>Something is wrong with the line that was read last.</summary>
    public OperatorException Fault(string what) => new($"line {_lines.Number}: {what}");

    public void Dispose() => stream.Dispose();

    private JsonDocument? ReadLine()
    {
        if (_lines.Read() is not { } line)
            return null;
        try
        {
            var document = JsonDocument.Parse(line, Strict);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document;
            document.Dispose();
        }
        catch (JsonException)
        {
            // The same answer as for JSON of another kind.
        }

        throw Fault("it is not a JSON object");
    }

    private RoomEventKind KindOf(string type)
    {
        foreach (var kind in Enum.GetValues<RoomEventKind>())
        {
            if (RoomFileWriter.TypeOf(kind) == type)
                return kind;
        }

        throw Fault($"its type is \"{type}\", and this server knows {string.Join(", ", Enum.GetValues<RoomEventKind>().Select(RoomFileWriter.TypeOf))}");
    }

    private void CheckEnd()
    {
        if (_next <= _header.State.Last)
            throw Fault($"the file ends before event {_next}, and its first line promises them up to {_header.State.Last}");
        if (_topic is { } given && given.Text != _header.Room.Topic)
            throw new OperatorException($"line {given.Line}: this topic is not the one of the first line");
    }
}
