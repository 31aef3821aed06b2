using System.Runtime.CompilerServices;

namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// A client frame that is being read, from JSON or from a typed line: the fields found so far, and the problems of invalid
/// fields. The draft validates JSON and typed lines against the same tables, after the type is known. In JSON the type may
/// come last.
/// </summary>
internal struct FrameDraft
{
    private StringSlots _strings;
    private NumberSlots _numbers;
    private uint _flags;
    private List<string>? _files;
    private Dictionary<Field, string?>? _problems;      // null: GetProblem uses the text of Fields.DescribeRequirement

    // If a field occurs twice, the last value wins. So each setter also clears the problem of an earlier value.

    public void SetString(Field field, string value)
    {
        if (field == Field.Room && value.StartsWith('#'))
            value = value[1..];
        if (value.Length > 0 && Fields.IsShownText(field) && TextRule.FindFault(value) is { } fault)
        {
            SetProblem(field, fault);
            return;
        }
        ClearProblem(field);
        _strings[(int)field] = value;
    }

    public void SetNumber(Field field, long value)
    {
        // No type allows less than 0. If the type of the frame has a greater minimum, GetProblem checks it later, because the type may come
        // last in the JSON.
        if (value < 0)
        {
            SetProblem(field);
            return;
        }
        ClearProblem(field);
        _numbers[field - Field.After] = value;
    }

    public void SetFlag(Field field, bool value)
    {
        ClearProblem(field);
        var bit = 1u << (field - Field.Me);
        _flags = value ? _flags | bit : _flags & ~bit;
    }

    public void SetFiles(List<string> value)
    {
        ClearProblem(Field.Files);
        _files = value;
    }

    /// <summary>Records that the field is present but invalid. This matters only if the type has the field.</summary>
    /// <param name="field">The field.</param>
    /// <param name="problem">The text of the error after the field's name; null for the text of <see cref="Fields.DescribeRequirement"/>.</param>
    public void SetProblem(Field field, string? problem = null)
    {
        Clear(field);
        (_problems ??= [])[field] = problem;
    }

    /// <summary>Removes the field: a JSON null counts as absent.</summary>
    public void Clear(Field field)
    {
        ClearProblem(field);
        switch (Fields.GetKind(field))
        {
            case FieldKind.String: _strings[(int)field] = null; break;
            case FieldKind.Number: _numbers[field - Field.After] = null; break;
            case FieldKind.Flag: SetFlag(field, false); break;
            default: _files = null; break;
        }
    }

    /// <summary>Copies the fields of the type from another draft, except fields with problems. Returns whether it copied a field that is not a flag.</summary>
    public bool CopyFrom(in FrameDraft other, FrameSpec spec)
    {
        var took = false;
        foreach (var (field, _) in spec.FieldUses)
        {
            if (!other.Has(field) || other.GetProblem(spec, field) is not null)
                continue;
            switch (Fields.GetKind(field))
            {
                case FieldKind.String: SetString(field, other._strings[(int)field]!); break;
                case FieldKind.Number: SetNumber(field, other._numbers[field - Field.After]!.Value); break;
                case FieldKind.Flag: SetFlag(field, true); continue;
                default: SetFiles(other._files!); break;
            }
            took = true;
        }
        return took;
    }

    /// <summary>Returns the problem of the field in a frame of the type, or null if the field is valid or absent.</summary>
    public readonly string? GetProblem(FrameSpec spec, Field field)
    {
        string? problem = null;
        return _problems?.TryGetValue(field, out problem) == true || IsOutOfRange(spec, field)
            ? problem ?? Fields.DescribeRequirement(field, spec.Type)
            : null;
    }

    /// <summary>Whether the field is present and not empty.</summary>
    public readonly bool Has(Field field) => Fields.GetKind(field) switch
    {
        FieldKind.String => !string.IsNullOrEmpty(_strings[(int)field]),
        FieldKind.Number => _numbers[field - Field.After] is not null,
        FieldKind.Flag => IsSet(field),
        _ => _files is { Count: > 0 },
    };

    /// <summary>
    /// Returns the first field of the type that is invalid, else the first required field that is missing, else null.
    /// </summary>
    public readonly Field? FindFirstFault(FrameSpec spec)
    {
        foreach (var use in spec.FieldUses)
        {
            if (_problems?.ContainsKey(use.Field) == true || IsOutOfRange(spec, use.Field))
                return use.Field;
        }

        foreach (var use in spec.FieldUses)
        {
            if (use.IsRequired && !Has(use.Field) && !MayBeEmpty(spec.Type, use.Field))
                return use.Field;
        }
        return null;
    }

    /// <summary>Creates the frame. It has only the fields of its type.</summary>
    public readonly ClientFrame Build(FrameSpec spec, FrameId id, bool typed) => new()
    {
        Type = spec.Type,
        Id = id,
        IsTyped = typed,
        Name = GetString(spec, Field.Name),
        Session = GetString(spec, Field.Session),
        Format = GetString(spec, Field.Format),
        Password = GetString(spec, Field.Password),
        Room = GetString(spec, Field.Room),
        Epoch = GetString(spec, Field.Epoch),
        Text = GetText(spec),
        Emoji = GetString(spec, Field.Emoji),
        Match = GetString(spec, Field.Match),
        Topic = GetString(spec, Field.Topic),
        User = GetString(spec, Field.User),
        To = GetString(spec, Field.To),
        Role = GetString(spec, Field.Role),
        Reason = GetString(spec, Field.Reason),
        Query = GetString(spec, Field.Query),
        About = GetString(spec, Field.About),
        Old = GetString(spec, Field.Old),
        New = GetString(spec, Field.New),
        Level = GetString(spec, Field.Level),
        Do = GetString(spec, Field.Do),
        Jwt = GetString(spec, Field.Jwt),
        Url = GetString(spec, Field.Url),
        From = GetString(spec, Field.From),
        After = GetNumber(spec, Field.After),
        Before = GetNumber(spec, Field.Before),
        Around = GetNumber(spec, Field.Around),
        Seq = GetNumber(spec, Field.Seq),
        Reply = GetNumber(spec, Field.Reply),
        Limit = GetClampedNumber(spec, Field.Limit),
        Seconds = GetClampedNumber(spec, Field.Seconds),
        Files = spec.Has(Field.Files) ? _files : null,
        Me = spec.Has(Field.Me) && IsSet(Field.Me),
        Off = spec.Has(Field.Off) && IsSet(Field.Off),
        Private = spec.Has(Field.Private) && IsSet(Field.Private),
        Everywhere = spec.Has(Field.Everywhere) && IsSet(Field.Everywhere),
    };

    // The allowed values of a field depend on the type, and in JSON the type may come last.
    private readonly bool IsOutOfRange(FrameSpec spec, Field field) => Fields.GetKind(field) switch
    {
        FieldKind.Number => _numbers[field - Field.After] is { } value && value < Fields.GetMinimum(field, spec.Type),
        FieldKind.String => _strings[(int)field] is { Length: > 0 } value && Fields.GetChoices(field, spec.Type) is { } choices && !choices.Contains(value),
        _ => false,
    };

    // A message with files needs no text. Every other required field must have a value.
    private readonly bool MayBeEmpty(ClientFrameType type, Field field) => field == Field.Text && type == ClientFrameType.Say && Has(Field.Files);

    private readonly string? GetText(FrameSpec spec) => spec.Type switch
    {
        // An empty text clears the topic, but a missing text asks for the topic.
        ClientFrameType.Topic => _strings[(int)Field.Text],
        ClientFrameType.Say => GetString(spec, Field.Text) ?? "",
        _ => GetString(spec, Field.Text),
    };

    /// <summary>Whether a field with a secret (<see cref="Fields.IsSecret"/>) is present.</summary>
    public readonly bool HasSecret()
    {
        for (var field = Field.Name; field <= Field.From; field++)
        {
            if (Fields.IsSecret(field) && Has(field))
                return true;
        }
        return false;
    }

    private readonly string? GetString(FrameSpec spec, Field field) => spec.Has(field) && Has(field) ? _strings[(int)field] : null;

    private readonly long? GetNumber(FrameSpec spec, Field field) => spec.Has(field) ? _numbers[field - Field.After] : null;

    // A number that does not fit into an int is larger than any maximum of the server. It is valid, and the server reduces it.
    private readonly int? GetClampedNumber(FrameSpec spec, Field field) => GetNumber(spec, field) is { } value ? (int)Math.Min(value, int.MaxValue) : null;

    private readonly bool IsSet(Field field) => (_flags & (1u << (field - Field.Me))) != 0;

    private readonly void ClearProblem(Field field) => _problems?.Remove(field);

    [InlineArray(Fields.StringCount)]
    private struct StringSlots
    {
        private string? _first;
    }

    [InlineArray(Fields.NumberCount)]
    private struct NumberSlots
    {
        private long? _first;
    }
}
