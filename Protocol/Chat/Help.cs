namespace RawSocketChat.Protocol.Chat;

/// <summary>What can be sent, for <c>help</c>.</summary>
public static class Help
{
    /// <summary>
    /// The help about one command (or type, or alias; a near miss counts), or about all where <paramref name="about"/> is
    /// null. What nothing is near to gets all as well, and its own word back in <see cref="HelpFrame.About"/>.
    /// </summary>
    /// <param name="id">The asking frame's id.</param>
    /// <param name="about">A command, type or alias; null for all.</param>
    /// <param name="offers">What this server does; what it does not is left out, and says so where it alone is asked about. Null: everything.</param>
    public static HelpFrame For(FrameId id, string? about, Func<ClientFrameType, bool>? offers = null)
    {
        var word = about?.Trim().TrimStart('/');
        if (string.IsNullOrEmpty(word))
            return new HelpFrame(id, null, All(offers));
        var form = Commands.Find(word) ?? Commands.Find(Nearest.To(word, Commands.Words) ?? "");
        return form is null
            ? new HelpFrame(id, word, All(offers))
            : new HelpFrame(id, form.Word, [Entry(form, offers)]);
    }

    private static HelpEntry[] All(Func<ClientFrameType, bool>? offers) =>
        [.. Commands.All.Where(form => offers?.Invoke(form.Type) != false).Select(form => Entry(form, offers))];

    private static HelpEntry Entry(CommandForm form, Func<ClientFrameType, bool>? offers)
    {
        var notYet = offers?.Invoke(form.Type) == false ? "not on this server yet: " : "";
        var aliases = form.Aliases.Length == 0 ? "" : " (also " + string.Join(", ", form.Aliases.Select(alias => "/" + alias)) + ")";
        return new HelpEntry(form.Word, form.Usage, Hint.ExampleOf(form), notYet + form.Text + aliases);
    }
}
