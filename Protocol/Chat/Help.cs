namespace RawSocketChat.Protocol.Chat;

/// <summary>What can be sent, for <c>help</c>.</summary>
public static class Help
{
    /// <summary>
    /// The help about one command (or type, or alias; a near miss counts), or about all where <paramref name="about"/> is
    /// null. What nothing is near to gets all as well, and its own word back in <see cref="HelpFrame.About"/>.
    /// </summary>
    public static HelpFrame For(FrameId id, string? about)
    {
        var word = about?.Trim().TrimStart('/');
        if (string.IsNullOrEmpty(word))
            return new HelpFrame(id, null, [.. Commands.All.Select(Entry)]);
        var form = Commands.Find(word) ?? Commands.Find(Nearest.To(word, Commands.Words) ?? "");
        return form is null
            ? new HelpFrame(id, word, [.. Commands.All.Select(Entry)])
            : new HelpFrame(id, form.Word, [Entry(form)]);
    }

    private static HelpEntry Entry(CommandForm form)
    {
        var aliases = form.Aliases.Length == 0 ? "" : " (also " + string.Join(", ", form.Aliases.Select(alias => "/" + alias)) + ")";
        return new HelpEntry(form.Word, form.Usage, Hint.ExampleOf(form), form.Text + aliases);
    }
}
