using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Operator;

/// <summary>
/// Writes an export file: one JSON line for the room, then one for each event. Server/docs/operations.md describes the format.
/// </summary>
internal sealed class RoomFileWriter : IDisposable
{
    private static readonly JsonWriterOptions Options = new()
    {
        // This encoder escapes as few characters as the chat protocol does, so that texts stay readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private readonly BufferedStream _stream;
    private readonly Utf8JsonWriter _json;

    public RoomFileWriter(Stream stream)
    {
        _stream = new BufferedStream(stream, 64 * 1024);
        _json = new Utf8JsonWriter(_stream, Options);
    }

    public void Write(RoomFileHeader header)
    {
        var (room, state) = (header.Room, header.State);
        _json.WriteStartObject();
        _json.WriteString("type", RoomFileHeader.Type);
        _json.WriteNumber("version", RoomFileHeader.Version);
        _json.WriteString("room", room.Name);
        _json.WriteString("epoch", state.Epoch);
        _json.WriteString("topic", room.Topic);
        _json.WriteString("owner", room.Owner);
        _json.WriteBoolean("private", room.IsPrivate);
        _json.WriteNumber("first", state.First);
        _json.WriteNumber("last", state.Last);
        WriteTime(header.At);
        EndLine();
    }

    public void Write(RoomEvent next)
    {
        var content = next.Content;
        _json.WriteStartObject();
        _json.WriteString("type", RoomEventKindName.Format(content.Kind));
        _json.WriteNumber("seq", next.Seq);
        WriteTime(next.At);
        _json.WriteStartObject("from");
        _json.WriteString("user", content.Author);
        _json.WriteString("name", content.AuthorName);
        if (content.IsBot)
            _json.WriteBoolean("bot", true);
        _json.WriteEndObject();
        _json.WriteString("text", content.Text);
        if (content.Reply is { } reply)
            _json.WriteNumber("reply", reply);
        if (content.Me)
            _json.WriteBoolean("me", true);
        if (content.Of is { } of)
            _json.WriteNumber("of", of);
        if (content.Emoji is { } emoji)
            _json.WriteString("emoji", emoji);
        if (content.Off)
            _json.WriteBoolean("off", true);
        if (content.Mentions is { } mentions)
        {
            _json.WriteStartArray("mentions");
            foreach (var user in mentions)
                _json.WriteStringValue(user);
            _json.WriteEndArray();
        }

        if (content.Files is { } files)
            Write(files);
        if (content.Moderation is { } done)
            Write(done);
        if (next.EditedAt is { } edited)
            WriteTime(edited, "edited");
        if (next.IsDeleted)
            _json.WriteBoolean("deleted", true);
        if (content.ClientId is { } id)
            _json.WriteString("id", id);
        EndLine();
    }

    public void Dispose()
    {
        _json.Dispose();
        _stream.Flush();
    }

    private void Write(IReadOnlyList<MessageFile> files)
    {
        _json.WriteStartArray("files");
        foreach (var file in files)
        {
            _json.WriteStartObject();
            _json.WriteString("id", file.Id);
            _json.WriteString("name", file.Name);
            _json.WriteString("type", file.Type);
            _json.WriteNumber("bytes", file.Bytes);
            if (file is { Width: { } width, Height: { } height })
            {
                _json.WriteNumber("width", width);
                _json.WriteNumber("height", height);
            }

            _json.WriteEndObject();
        }

        _json.WriteEndArray();
    }

    private void Write(ModerationDetails done)
    {
        _json.WriteString("action", done.Action);
        if (done.User is not null)
            _json.WriteString("user", done.User);
        if (done.UserName is not null)
            _json.WriteString("name", done.UserName);
        if (done.Role is not null)
            _json.WriteString("role", done.Role);
        if (done.Seconds is { } seconds)
            _json.WriteNumber("seconds", seconds);
    }

    private void WriteTime(DateTimeOffset at, string name = "at") => _json.WriteString(name, at.UtcDateTime.ToString(RoomFileHeader.TimeFormat, CultureInfo.InvariantCulture));

    private void EndLine()
    {
        _json.WriteEndObject();
        _json.Flush();
        _json.Reset();
        _stream.WriteByte((byte)'\n');
    }
}
