using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// Reads a client frame from JSON in one pass. This class puts every known field into a draft, and validates the draft at the
/// end. If possible, it reads the id even from an invalid frame, so that the error can have this id.
/// </summary>
internal static class ClientFrameReader
{
    // The maximum number of nested levels. Frames need far fewer levels, and the JSON parser of every receiver accepts this number.
    private const int MaxDepth = 64;
    // The JSON reader allows one level more than the maximum. So SkipValue can reject the first level that is too deep, before the JSON reader throws.
    private static readonly JsonReaderOptions Options = new() { MaxDepth = MaxDepth + 1 };

    // The error text for a string that contains only one half of a surrogate pair, such as "\ud83d". Such a string is not valid Unicode.
    private const string LoneSurrogate = "contains an incomplete character (a \\ud… escape without its second half)";

    // If fixedSpec is given, the frame has this type, and the reader ignores the field "type" like an unknown field.
    public static bool TryRead(ReadOnlySpan<byte> utf8, out ClientFrame frame, out FrameId id, out ChatError error, FrameSpec? fixedSpec = null)
    {
        frame = null!;
        var draft = new FrameDraft();
        var envelope = new Envelope();
        var fault = ReadObject(utf8, ref draft, ref envelope);
        id = envelope.Id;
        if (fault is not null)
        {
            error = new ChatError(ErrorCode.BadJson, fault, Hint.AnyJson);
            return false;
        }
        if (fixedSpec is not null)
            (envelope.Spec, envelope.UnknownType, envelope.IsTypeNotString) = (fixedSpec, null, false);
        return TryBuild(in draft, in envelope, out frame, out error);
    }

    /// <summary>The two fields that every type has: <c>type</c> and <c>id</c>.</summary>
    private struct Envelope
    {
        public FrameId Id;
        public string? IdProblem;
        public FrameSpec? Spec;
        public string? UnknownType;
        public bool IsTypeNotString;
    }

    private static bool TryBuild(in FrameDraft draft, in Envelope envelope, out ClientFrame frame, out ChatError error)
    {
        frame = null!;
        error = null!;
        if (envelope.UnknownType is { } word)
            error = UnknownTypeError.CreateForType(word, in draft);
        else if (envelope.IsTypeNotString)
            error = new ChatError(ErrorCode.BadField, "\"type\" must be a string", Hint.AnyJson);
        else if (envelope.Spec is not { } spec)
            error = new ChatError(ErrorCode.MissingField, "the field \"type\" is missing", Hint.AnyJson);
        else if (envelope.IdProblem is { } problem)
            error = new ChatError(ErrorCode.BadField, problem, Hint.CreateExampleWithId(spec));
        else if (draft.FindFirstFault(spec) is { } field)
            error = CreateFieldError(spec, field, in draft);
        else
        {
            frame = draft.Build(spec, envelope.Id, typed: false);
            return true;
        }
        return false;
    }

    private static ChatError CreateFieldError(FrameSpec spec, Field field, in FrameDraft draft)
    {
        var hint = Hint.Correct(spec, in draft, field);
        return draft.GetProblem(spec, field) is { } problem
            ? new ChatError(ErrorCode.BadField, $"\"{Fields.GetName(field)}\" {problem}", hint)
            : new ChatError(ErrorCode.MissingField, $"\"{spec.Name}\" needs the field \"{Fields.GetName(field)}\"", hint);
    }

    /// <summary>Reads the whole frame into the draft. Returns an error text if the frame is not valid JSON, else null.</summary>
    private static string? ReadObject(ReadOnlySpan<byte> utf8, ref FrameDraft draft, ref Envelope envelope)
    {
        var reader = new Utf8JsonReader(utf8, Options);
        var closed = false;
        string? fault = null;
        try
        {
            reader.Read(); // the opening brace
            while (fault is null && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                fault = ReadProperty(ref reader, ref draft, ref envelope);
            closed = fault is null;
            if (closed)
                reader.Read(); // throws if anything follows the closing brace
        }
        catch (JsonException e)
        {
            fault = closed
                ? "there is text after the closing brace; send one frame at a time"
                : $"this is not valid JSON; the error is at byte {FormatPosition(e)}";
        }
        return Utf8.IsValid(utf8) ? fault : "the frame is not valid UTF-8";
    }

    private static string FormatPosition(JsonException e) =>
        e.LineNumber is > 0 ? $"{e.BytePositionInLine + 1} of line {e.LineNumber + 1}" : $"{e.BytePositionInLine + 1}";

    private static string? ReadProperty(ref Utf8JsonReader reader, ref FrameDraft draft, ref Envelope envelope)
    {
        var name = reader.ValueSpan;
        if (reader.ValueIsEscaped)
            name = TryUnescape(ref reader, out var unescaped) ? Encoding.UTF8.GetBytes(unescaped) : default;
        reader.Read();
        if (name.SequenceEqual("type"u8))
            ReadType(ref reader, ref envelope);
        else if (name.SequenceEqual("id"u8))
            ReadId(ref reader, ref envelope);
        else if (Fields.TryFind(name, out var field))
            return ReadField(ref reader, field, ref draft);
        return SkipValue(ref reader);
    }

    private static void ReadType(ref Utf8JsonReader reader, ref Envelope envelope)
    {
        envelope.Spec = null;
        envelope.UnknownType = null;
        envelope.IsTypeNotString = reader.TokenType is not (JsonTokenType.String or JsonTokenType.Null);
        if (reader.TokenType != JsonTokenType.String)
            return;
        if (!reader.ValueIsEscaped && FrameSpecs.Find(reader.ValueSpan) is { } spec)
            envelope.Spec = spec;
        else if (!TryUnescape(ref reader, out var word))
            envelope.UnknownType = "\uFFFD";
        else if ((envelope.Spec = FrameSpecs.Find(Encoding.UTF8.GetBytes(word))) is null)
            envelope.UnknownType = word;
    }

    private static void ReadId(ref Utf8JsonReader reader, ref Envelope envelope)
    {
        envelope.Id = default;
        envelope.IdProblem = null;
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number))
            envelope.Id = FrameId.From(number);
        else if (reader.TokenType != JsonTokenType.String || !TryUnescape(ref reader, out var text) || !FrameId.TryFrom(text, out envelope.Id))
            envelope.IdProblem = $"\"id\" must be a string of 1 to {FrameId.MaxLength} characters, or an integer";
    }

    private static string? ReadField(ref Utf8JsonReader reader, Field field, ref FrameDraft draft)
    {
        switch (Fields.GetKind(field), reader.TokenType)
        {
            case (_, JsonTokenType.Null):
                draft.Clear(field);
                return null;
            case (FieldKind.String, JsonTokenType.String) when TryUnescape(ref reader, out var text):
                draft.SetString(field, text);
                return null;
            case (FieldKind.String, JsonTokenType.String):
                draft.SetProblem(field, LoneSurrogate);
                return null;
            case (FieldKind.Number, JsonTokenType.Number) when reader.TryGetInt64(out var number):
                draft.SetNumber(field, number);
                return null;
            case (FieldKind.Flag, JsonTokenType.True or JsonTokenType.False):
                draft.SetFlag(field, reader.GetBoolean());
                return null;
            case (FieldKind.StringList, JsonTokenType.StartArray):
                return ReadStrings(ref reader, field, ref draft);
            default:
                draft.SetProblem(field);
                return SkipValue(ref reader);
        }
    }

    private static string? ReadStrings(ref Utf8JsonReader reader, Field field, ref FrameDraft draft)
    {
        var words = new List<string>();
        var fine = true;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.String && TryUnescape(ref reader, out var word))
                words.Add(word);
            else if (SkipValue(ref reader) is { } fault)
                return fault;
            else
                fine = false;
        }
        if (fine)
            draft.SetFiles(words);
        else
            draft.SetProblem(field);
        return null;
    }

    /// <summary>Skips the current JSON value. Returns an error text if the value is nested too deeply, else null.</summary>
    private static string? SkipValue(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
            return null;
        var depth = reader.CurrentDepth;
        do
        {
            if (reader.CurrentDepth >= MaxDepth && reader.TokenType is (JsonTokenType.StartObject or JsonTokenType.StartArray))
                return $"the JSON is nested deeper than {MaxDepth} levels";
        } while (reader.Read() && reader.CurrentDepth > depth);
        return null;
    }

    private static bool TryUnescape(ref Utf8JsonReader reader, out string text)
    {
        try
        {
            text = reader.GetString()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            text = "";
            return false;
        }
    }
}
