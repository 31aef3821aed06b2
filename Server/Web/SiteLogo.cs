using System.Xml;

namespace RawSocketChat.Server.Web;

/// <summary>
/// The file of the operator's logo. The page gets the logo as a <c>data:</c> address inside <c>/site.json</c>, so it needs no request for the logo.
/// </summary>
internal static class SiteLogo
{
    /// <summary>Reads the file. Returns the logo as a <c>data:</c> address.</summary>
    /// <exception cref="InvalidDataException">The file is not a logo; the message says why.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be read.</exception>
    public static string Read(string path)
    {
        using var file = File.OpenRead(path);
        if (file.Length > WebOptions.MaxLogoBytes)
            throw new InvalidDataException($"the file has {file.Length} bytes, but a logo can have at most {WebOptions.MaxLogoBytes}");
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        var type = FindType(bytes) ?? throw new InvalidDataException("the file is not a PNG, JPEG, WebP or SVG image");
        return $"data:{type};base64,{Convert.ToBase64String(bytes)}";
    }

    /// <summary>Returns why the file cannot be the logo, or null.</summary>
    public static string? FindError(string path)
    {
        try
        {
            Read(path);
            return null;
        }
        catch (InvalidDataException fault)
        {
            return fault.Message;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return $"the file \"{path}\" cannot be read";
        }
    }

    // Detects the format by its first bytes, or SVG by its first element. A browser shows an SVG image in an img element without running its scripts.
    private static string? FindType(byte[] content)
    {
        ReadOnlySpan<byte> bytes = content;
        if (bytes.Length > 5 && bytes[0] == 0x89 && bytes[1..].StartsWith("PNG\r\n"u8))
            return "image/png";
        if (bytes.Length > 3 && bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[2] == 0xFF)
            return "image/jpeg";
        if (bytes.Length > 12 && bytes.StartsWith("RIFF"u8) && bytes[8..].StartsWith("WEBP"u8))
            return "image/webp";
        return IsSvg(content) ? "image/svg+xml" : null;
    }

    // Reads the file up to its first element. Some drawing programs declare entities in the document type, and use them in the first element.
    private static bool IsSvg(byte[] content)
    {
        var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Parse, XmlResolver = null, MaxCharactersFromEntities = WebOptions.MaxLogoBytes };
        try
        {
            using var reader = XmlReader.Create(new MemoryStream(content), settings);
            return reader.MoveToContent() == XmlNodeType.Element && reader is { LocalName: "svg", NamespaceURI: "http://www.w3.org/2000/svg" };
        }
        catch (XmlException)
        {
            return false;
        }
    }
}
