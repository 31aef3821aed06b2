using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// Reads a client frame that is JSON, in one pass: every field that any type has is put into a draft, which is judged at the
/// end. Whatever is wrong, the id is read if it can be, so that the error finds its request.
/// </summary>
internal static class ClientFrameReader
{
    // Deeper than any frame needs by far; shallow enough that nobody's parser minds what we pass on.
    private const int MaxDepth = 64;
    // So the reader itself never objects before the check does.
    private static readonly JsonReaderOptions Options = new() { MaxDepth = MaxDepth + 1 };

    // What was wrong with a string that holds half of a surrogate pair ("\ud83d" alone), which is no Unicode text.
    private const string HalfCharacter = "holds half a character (a \\ud… escape without its other half)";

    public static bool TryRead(ReadOnlySpan<byte> utf8, out ClientFrame frame, out FrameId id, out ChatError error)
    {
        frame = null!;
        var draft = new FrameDraft();
        var head = new Head();
        var fault = ReadAll(utf8, ref draft, ref head);
        id = head.Id;
        if (fault is not null)
        {
            error = new ChatError(ErrorCode.BadJson, fault, Hint.AnyJson);
            return false;
        }
        return Judge(in draft, in head, out frame, out error);
    }

    /// <summary>The two fields that every frame has.</summary>
    private struct Head
    {
        public FrameId Id;
        public string? IdProblem;
        public FrameSpec? Spec;
        public string? UnknownType;
        public bool TypeIsNoString;
    }

    private static bool Judge(in FrameDraft draft, in Head head, out ClientFrame frame, out ChatError error)
    {
        frame = null!;
        error = null!;
        if (head.UnknownType is { } word)
            error = UnknownWord.Type(word, in draft);
        else if (head.TypeIsNoString)
            error = new ChatError(ErrorCode.BadField, "\"type\" must be a string", Hint.AnyJson);
        else if (head.Spec is not { } spec)
            error = new ChatError(ErrorCode.MissingField, "the field \"type\" is missing", Hint.AnyJson);
        else if (head.IdProblem is { } problem)
            error = new ChatError(ErrorCode.BadField, problem, Hint.ExampleWithId(spec));
        else if (draft.FirstFault(spec) is { } field)
            error = Faulty(spec, field, in draft);
        else
        {
            frame = draft.Build(spec, head.Id, typed: false);
            return true;
        }
        return false;
    }

    private static ChatError Faulty(FrameSpec spec, Field field, in FrameDraft draft)
    {
        var hint = Hint.Mended(spec, in draft, field);
        return draft.ProblemOf(field) is { } problem
            ? new ChatError(ErrorCode.BadField, $"\"{Fields.NameOf(field)}\" {problem}", hint)
            : new ChatError(ErrorCode.MissingField, $"\"{spec.Word}\" needs the field \"{Fields.NameOf(field)}\"", hint);
    }

    /// <summary>What makes it no JSON; null where it is.</summary>
    private static string? ReadAll(ReadOnlySpan<byte> utf8, ref FrameDraft draft, ref Head head)
    {
        var reader = new Utf8JsonReader(utf8, Options);
        var closed = false;
        string? fault = null;
        try
        {
            reader.Read(); // the brace that brought us here
            while (fault is null && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                fault = ReadProperty(ref reader, ref draft, ref head);
            closed = fault is null;
            if (closed)
                reader.Read(); // finds nothing, or throws
        }
        catch (JsonException e)
        {
            fault = closed
                ? "something follows the closing brace: send one frame at a time"
                : $"this is not JSON: it breaks off or goes wrong at byte {Position(e)}";
        }
        return Utf8.IsValid(utf8) ? fault : "this is not UTF-8";
    }

    private static string Position(JsonException e) =>
        e.LineNumber is > 0 ? $"{e.BytePositionInLine + 1} of line {e.LineNumber + 1}" : $"{e.BytePositionInLine + 1}";

    private static string? ReadProperty(ref Utf8JsonReader reader, ref FrameDraft draft, ref Head head)
    {
        var name = reader.ValueSpan;
        if (reader.ValueIsEscaped)
            name = TryUnescape(ref reader, out var unescaped) ? Encoding.UTF8.GetBytes(unescaped) : default;
        reader.Read();
        if (name.SequenceEqual("type"u8))
            ReadType(ref reader, ref head);
        else if (name.SequenceEqual("id"u8))
            ReadId(ref reader, ref head);
        else if (Fields.TryFind(name, out var field))
            return ReadField(ref reader, field, ref draft);
        return SkipRest(ref reader);
    }

    private static void ReadType(ref Utf8JsonReader reader, ref Head head)
    {
        head.Spec = null;
        head.UnknownType = null;
        head.TypeIsNoString = reader.TokenType is not (JsonTokenType.String or JsonTokenType.Null);
        if (reader.TokenType != JsonTokenType.String)
            return;
        if (!reader.ValueIsEscaped && FrameSpecs.Find(reader.ValueSpan) is { } spec)
            head.Spec = spec;
        else if (!TryUnescape(ref reader, out var word))
            head.UnknownType = "\uFFFD";
        else if ((head.Spec = FrameSpecs.Find(Encoding.UTF8.GetBytes(word))) is null)
            head.UnknownType = word;
    }

    private static void ReadId(ref Utf8JsonReader reader, ref Head head)
    {
        head.Id = default;
        head.IdProblem = null;
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number))
            head.Id = FrameId.From(number);
        else if (reader.TokenType != JsonTokenType.String || !TryUnescape(ref reader, out var text) || !FrameId.TryFrom(text, out head.Id))
            head.IdProblem = $"\"id\" must be a string of 1 to {FrameId.MaxLength} characters, or an integer";
    }

    private static string? ReadField(ref Utf8JsonReader reader, Field field, ref FrameDraft draft)
    {
        switch (Fields.KindOf(field), reader.TokenType)
        {
            case (_, JsonTokenType.Null):
                draft.Clear(field);
                return null;
            case (FieldKind.Word, JsonTokenType.String) when TryUnescape(ref reader, out var text):
                draft.SetWord(field, text);
                return null;
            case (FieldKind.Word, JsonTokenType.String):
                draft.Fail(field, HalfCharacter);
                return null;
            case (FieldKind.Number, JsonTokenType.Number) when reader.TryGetInt64(out var number):
                draft.SetNumber(field, number);
                return null;
            case (FieldKind.Flag, JsonTokenType.True or JsonTokenType.False):
                draft.SetFlag(field, reader.GetBoolean());
                return null;
            case (FieldKind.Words, JsonTokenType.StartArray):
                return ReadWords(ref reader, field, ref draft);
            default:
                draft.Fail(field, Fields.Demand(field));
                return SkipRest(ref reader);
        }
    }

    private static string? ReadWords(ref Utf8JsonReader reader, Field field, ref FrameDraft draft)
    {
        var words = new List<string>();
        var fine = true;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.String && TryUnescape(ref reader, out var word))
                words.Add(word);
            else if (SkipRest(ref reader) is { } fault)
                return fault;
            else
                fine = false;
        }
        if (fine)
            draft.SetFiles(words);
        else
            draft.Fail(field, Fields.Demand(field));
        return null;
    }

    /// <summary>Goes to the end of the value that the reader stands on the beginning of.</summary>
    private static string? SkipRest(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
            return null;
        var depth = reader.CurrentDepth;
        do
        {
            if (reader.CurrentDepth >= MaxDepth && reader.TokenType is (JsonTokenType.StartObject or JsonTokenType.StartArray))
                return $"this JSON is nested deeper than {MaxDepth}";
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
