using System.Text;

namespace RawSocketChat.Server.Rooms;

/// <summary>What may be a room's name. Rooms are kept as they were named and found without regard to case.</summary>
public static class RoomName
{
    public const string Default = "lobby";

    /// <summary>The most UTF-16 units of a room's name.</summary>
    public const int MostLength = 64;

    public const string Rule = "a room's name has 1 to 64 letters, digits, - _ or .";

    public static bool IsValid(string name)
    {
        if (name.Length is 0 or > MostLength || !name.IsNormalized(NormalizationForm.FormKC))
            return false;
        foreach (var rune in name.EnumerateRunes())
        {
            if (rune.Value is not ('-' or '_' or '.') && !Rune.IsLetterOrDigit(rune))
                return false;
        }

        return true;
    }
}
