using System.Runtime.CompilerServices;

namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// A client frame while it is read, from JSON or from a typed line: every field that was found, and what was wrong with the
/// others. Both ways in are judged here, against the same tables, once the type is known: it may come last.
/// </summary>
internal struct FrameDraft
{
    private WordSlots _words;
    private NumberSlots _numbers;
    private uint _flags;
    private List<string>? _files;
    private Dictionary<Field, string>? _problems;

    // The later of two values wins, so each setter also forgets what was wrong with the earlier one.

    public void SetWord(Field field, string value)
    {
        if (field == Field.Room && value.StartsWith('#'))
            value = value[1..];
        if (value.Length > 0 && Fields.ChoicesOf(field) is { } choices && !choices.Contains(value))
        {
            Fail(field, Fields.Demand(field));
            return;
        }
        Forget(field);
        _words[(int)field] = value;
    }

    public void SetNumber(Field field, long value)
    {
        if (value < Fields.LeastOf(field))
        {
            Fail(field, Fields.Demand(field));
            return;
        }
        Forget(field);
        _numbers[field - Field.After] = value;
    }

    public void SetFlag(Field field, bool value)
    {
        Forget(field);
        var bit = 1u << (field - Field.Me);
        _flags = value ? _flags | bit : _flags & ~bit;
    }

    public void SetFiles(List<string> value)
    {
        Forget(Field.Files);
        _files = value;
    }

    /// <summary>The field was there, but can't be used. Counts only where the type has such a field.</summary>
    public void Fail(Field field, string problem)
    {
        Clear(field);
        (_problems ??= [])[field] = problem;
    }

    /// <summary>A JSON null is as good as nothing.</summary>
    public void Clear(Field field)
    {
        Forget(field);
        switch (Fields.KindOf(field))
        {
            case FieldKind.Word: _words[(int)field] = null; break;
            case FieldKind.Number: _numbers[field - Field.After] = null; break;
            case FieldKind.Flag: SetFlag(field, false); break;
            default: _files = null; break;
        }
    }

    /// <summary>Takes over what the other has of these fields. Whether that was a word or a number: a flag alone says nothing.</summary>
    public bool Take(in FrameDraft other, FieldUse[] uses)
    {
        var took = false;
        foreach (var (field, _) in uses)
        {
            if (!other.Has(field))
                continue;
            switch (Fields.KindOf(field))
            {
                case FieldKind.Word: SetWord(field, other._words[(int)field]!); break;
                case FieldKind.Number: SetNumber(field, other._numbers[field - Field.After]!.Value); break;
                case FieldKind.Flag: SetFlag(field, true); continue;
                default: SetFiles(other._files!); break;
            }
            took = true;
        }
        return took;
    }

    /// <summary>What the field's problem is; null where it is fine or absent.</summary>
    public readonly string? ProblemOf(Field field) => _problems?.GetValueOrDefault(field);

    /// <summary>Whether the field is there and not empty.</summary>
    public readonly bool Has(Field field) => Fields.KindOf(field) switch
    {
        FieldKind.Word => field == Field.Text ? !string.IsNullOrWhiteSpace(_words[(int)field]) : !string.IsNullOrEmpty(_words[(int)field]),
        FieldKind.Number => _numbers[field - Field.After] is not null,
        FieldKind.Flag => Flag(field),
        _ => _files is { Count: > 0 },
    };

    /// <summary>The first field of the type that has a problem, then the first that it needs and lacks; null where all is well.</summary>
    public readonly Field? FirstFault(FrameSpec spec)
    {
        if (_problems is { Count: > 0 })
        {
            foreach (var use in spec.Uses)
            {
                if (_problems.ContainsKey(use.Field))
                    return use.Field;
            }
        }
        foreach (var use in spec.Uses)
        {
            if (use.Needed && !Has(use.Field) && !MayBeEmpty(spec.Type, use.Field))
                return use.Field;
        }
        return null;
    }

    /// <summary>The frame, with the fields of its type alone.</summary>
    public readonly ClientFrame Build(FrameSpec spec, FrameId id, bool typed) => new()
    {
        Type = spec.Type,
        Id = id,
        Typed = typed,
        Name = Word(spec, Field.Name),
        Session = Word(spec, Field.Session),
        Format = Word(spec, Field.Format),
        Password = Word(spec, Field.Password),
        Room = Word(spec, Field.Room),
        Epoch = Word(spec, Field.Epoch),
        Text = TextOf(spec),
        Emoji = Word(spec, Field.Emoji),
        Match = Word(spec, Field.Match),
        Topic = Word(spec, Field.Topic),
        User = Word(spec, Field.User),
        To = Word(spec, Field.To),
        Role = Word(spec, Field.Role),
        Reason = Word(spec, Field.Reason),
        Query = Word(spec, Field.Query),
        About = Word(spec, Field.About),
        After = Number(spec, Field.After),
        Before = Number(spec, Field.Before),
        Seq = Number(spec, Field.Seq),
        Reply = Number(spec, Field.Reply),
        Limit = Clamped(spec, Field.Limit),
        Seconds = Clamped(spec, Field.Seconds),
        Files = spec.Has(Field.Files) ? _files : null,
        Me = spec.Has(Field.Me) && Flag(Field.Me),
        Off = spec.Has(Field.Off) && Flag(Field.Off),
        Private = spec.Has(Field.Private) && Flag(Field.Private),
    };

    // A topic is cleared by an empty text, and files need no words; every other empty text is an oversight.
    private readonly bool MayBeEmpty(ClientFrameType type, Field field) => field == Field.Text && type switch
    {
        ClientFrameType.Topic => _words[(int)field] is not null,
        ClientFrameType.Say => Has(Field.Files),
        _ => false,
    };

    private readonly string? TextOf(FrameSpec spec) => spec.Type switch
    {
        ClientFrameType.Topic => _words[(int)Field.Text],
        ClientFrameType.Say => Word(spec, Field.Text) ?? "",
        _ => Word(spec, Field.Text),
    };

    private readonly string? Word(FrameSpec spec, Field field) => spec.Has(field) && Has(field) ? _words[(int)field] : null;

    private readonly long? Number(FrameSpec spec, Field field) => spec.Has(field) ? _numbers[field - Field.After] : null;

    // More than an int holds is more than any cap: the server's business, not a mistake of form.
    private readonly int? Clamped(FrameSpec spec, Field field) => Number(spec, field) is { } value ? (int)Math.Min(value, int.MaxValue) : null;

    private readonly bool Flag(Field field) => (_flags & (1u << (field - Field.Me))) != 0;

    private readonly void Forget(Field field) => _problems?.Remove(field);

    [InlineArray(Fields.WordCount)]
    private struct WordSlots
    {
        private string? _first;
    }

    [InlineArray(Fields.NumberCount)]
    private struct NumberSlots
    {
        private long? _first;
    }
}
