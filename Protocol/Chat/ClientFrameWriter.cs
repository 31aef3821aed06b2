using System.Text.Json;

namespace RawSocketChat.Protocol.Chat;

/// <summary>Writes a client frame as JSON: the type, the id, then the fields of the type that are present.</summary>
internal static class ClientFrameWriter
{
    public static void Write(Utf8JsonWriter writer, ClientFrame frame)
    {
        var spec = FrameSpecs.Get(frame.Type);
        writer.WriteStartObject();
        writer.WriteString("type"u8, spec.Utf8Name);
        frame.Id.WriteTo(writer);
        foreach (var use in spec.FieldUses)
            WriteField(writer, use.Field, frame);
        writer.WriteEndObject();
    }

    private static void WriteField(Utf8JsonWriter writer, Field field, ClientFrame frame)
    {
        var name = Fields.GetUtf8Name(field);
        switch (Fields.GetKind(field))
        {
            case FieldKind.String when GetString(frame, field) is { } word:
                writer.WriteText(name, word);
                break;
            case FieldKind.Number when GetNumber(frame, field) is { } number:
                writer.WriteNumber(name, number);
                break;
            case FieldKind.Flag when GetFlag(frame, field):
                writer.WriteBoolean(name, true);
                break;
            case FieldKind.StringList when frame.Files is { } files:
                writer.WriteStartArray(name);
                foreach (var file in files)
                    writer.WriteTextValue(file);
                writer.WriteEndArray();
                break;
        }
    }

    public static string? GetString(ClientFrame frame, Field field) => field switch
    {
        Field.Name => frame.Name,
        Field.Session => frame.Session,
        Field.Format => frame.Format,
        Field.Password => frame.Password,
        Field.Room => frame.Room,
        Field.Epoch => frame.Epoch,
        Field.Text => frame.Text,
        Field.Emoji => frame.Emoji,
        Field.Match => frame.Match,
        Field.Topic => frame.Topic,
        Field.User => frame.User,
        Field.To => frame.To,
        Field.Role => frame.Role,
        Field.Reason => frame.Reason,
        Field.Query => frame.Query,
        Field.About => frame.About,
        Field.Old => frame.Old,
        Field.New => frame.New,
        Field.Level => frame.Level,
        Field.Do => frame.Do,
        Field.Jwt => frame.Jwt,
        Field.Url => frame.Url,
        Field.From => frame.From,
        _ => null,
    };

    public static long? GetNumber(ClientFrame frame, Field field) => field switch
    {
        Field.After => frame.After,
        Field.Before => frame.Before,
        Field.Around => frame.Around,
        Field.Seq => frame.Seq,
        Field.Reply => frame.Reply,
        Field.Limit => frame.Limit,
        Field.Seconds => frame.Seconds,
        _ => null,
    };

    public static bool GetFlag(ClientFrame frame, Field field) => field switch
    {
        Field.Me => frame.Me,
        Field.Off => frame.Off,
        Field.Private => frame.Private,
        Field.Everywhere => frame.Everywhere,
        _ => false,
    };
}
